"""Every value of the model is JSON, and again what it was."""

from __future__ import annotations

import orjson

from shoal.infra.deciding.plan import plan
from shoal.infra.model import (
    Database,
    Description,
    Edge,
    Health,
    Implementation,
    Infrastructure,
    Instance,
    Node,
    Policy,
)
from shoal.infra.plain import description_of, infrastructure_of, instance_of, plain
from shoal.infra.states import Phase, State

MADE = Implementation(
    {"type": "docker", "image": "debian"},
    {"type": "cloudinit", "context_template": {"runcmd": [["a", 1]]}},
    {"type": "ansible", "playbook": "- hosts: all"},
    Health(False, (22,), ("http://{{ip}}",), (Database("d", "u", "p"),), 5.5),
    "leave",
    ("/etc/a",),
)
DESCRIPTION = Description(
    "try",
    "me",
    (Node("a", "t", 1, 3, {"type": "docker"}, {"deep": {"x": [1, None, True, 1.5, "ä"]}}), Node("b", "t")),
    (Edge("b", "a", ({"attributes": ["x", "y"], "synch": True},)),),
    {"t": (MADE, Implementation({"type": "simulated"}))},
    Policy(2, 0.25, 60, 10, 1, 9.5),
)
INSTANCE = Instance(
    *("i", "f", "a", 1, State.READY, "docker", 0, {"endpoint": "e"}, "hash", "name"),
    ref="r",
    addresses=("10.0.0.1", "host"),
    private="10.0.0.1",
    saw={"b": ["j"]},
    price=0.5,
    created=1,
    since=2,
    ready=3,
)
INFRASTRUCTURE = Infrastructure(
    *("f", "me", "try", Phase.READY, plain(DESCRIPTION), {"a": 2}, ("i",), True, False),
    *(4, 3, 7, {"code": "no_capacity"}, 1, 2, None),
)


def again(value: object) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(orjson.dumps(plain(value)))
    return found


def test_each_value_is_its_plain_form_again() -> None:
    assert description_of(again(DESCRIPTION)) == DESCRIPTION
    assert instance_of(again(INSTANCE)) == INSTANCE
    assert infrastructure_of(again(INFRASTRUCTURE)) == INFRASTRUCTURE


def test_a_plan_is_json() -> None:
    made = again(plan(None, DESCRIPTION, [], now=0))
    assert made["name"] == "try" and made["levels"] == [["a"], ["b"]]


def test_a_plain_form_from_before_a_field_was_added_still_counts() -> None:
    given = again(DESCRIPTION)
    given["policy"] = {}
    assert description_of(given).policy == Policy()
