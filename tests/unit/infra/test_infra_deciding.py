"""What is decided from rows alone: order, numbers, who goes, what a plan says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.infra.deciding.decision import Do, Setbacks, decide
from shoal.infra.deciding.levels import levels
from shoal.infra.deciding.origin import fingerprint
from shoal.infra.deciding.patience import Patience
from shoal.infra.deciding.plan import Act, plan
from shoal.infra.deciding.seeing import checked, seen
from shoal.infra.deciding.targets import Wish, scaled, wanted
from shoal.infra.model import Description, Edge, Health, Implementation, Instance, Node, Policy
from shoal.infra.providers.provider import Machine, Standing
from shoal.infra.states import State

SECOND = 1_000_000
NOW = 1_000_000 * SECOND


def described(nodes: dict[str, tuple[int, int]], *edges: tuple[str, str], **more: Any) -> Description:
    offered = more.pop("offered", (Implementation({"type": "simulated"}),))
    return Description(
        "lab",
        "me",
        tuple(Node(name, f"{name}_type", *limits) for name, limits in nodes.items()),
        tuple(Edge(*pair) for pair in edges),
        {f"{name}_type": offered for name in nodes},
        Policy(**more),
    )


def instance(description: Description, node: str, number: int = 1, **more: Any) -> Instance:
    known: dict[str, Any] = {
        "id": f"{node}{number}", "infra": "i", "node": node, "number": number, "state": State.READY,
        "provider": "simulated", "implementation": 0, "place": {}, "name": f"lab-{node}-{number}",
        "hash": fingerprint(description, node, 0) if description.node(node) else "gone", "ref": "r",
        "addresses": (f"10.0.0.{number}",), "created": number, "since": NOW, "ready": NOW,
    }  # fmt: skip
    return Instance(**(known | more))


def several(description: Description, node: str, n: int, **more: Any) -> list[Instance]:
    return [instance(description, node, number, **more) for number in range(1, n + 1)]


def retired(found: Any) -> list[str | None]:
    return [step.instance for step in found.steps if step.do is Do.RETIRE]


def created(found: Any) -> list[tuple[str, int]]:
    return [(step.node, step.number) for step in found.steps if step.do is Do.CREATE]


def test_levels_hold_what_needs_nothing_of_their_own_or_later_ones() -> None:
    nodes = dict.fromkeys("abcd", (1, 1))
    assert levels(described(nodes, ("a", "b"), ("b", "c"), ("d", "c"))) == [["c"], ["b", "d"], ["a"]]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16))
def test_every_node_comes_after_what_it_needs(pairs: list[tuple[int, int]]) -> None:
    edges = [(str(max(pair)), str(min(pair))) for pair in pairs if pair[0] != pair[1]]
    order = levels(described({str(n): (1, 1) for n in range(8)}, *edges))
    place = {name: number for number, level in enumerate(order) for name in level}
    assert len(place) == 8 and all(place[after] > place[before] for after, before in edges)


def test_a_circle_is_named() -> None:
    with pytest.raises(InvalidInput, match="circle: a, b"):
        levels(described(dict.fromkeys("abc", (1, 1)), ("a", "b"), ("b", "a"), ("c", "a")))


def test_a_number_stays_within_its_limits() -> None:
    description = described({"w": (2, 5)})
    assert [wanted(description, {"w": n}, "w") for n in (0, 3, 9)] == [2, 3, 5]
    assert wanted(description, {}, "w") == 2 and wanted(description, {"x": 3}, "x") == 0


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"to": 6}, Conflict),
        ({"by": -2}, Conflict),
        ({}, InvalidInput),
        ({"to": 3, "by": 1}, InvalidInput),
        ({"drop": "nobody"}, NotFound),
    ],
)
def test_a_wish_that_cannot_be_is_refused(wish: dict[str, Any], error: type[Exception]) -> None:
    description = described({"w": (2, 5)})
    with pytest.raises(error):
        scaled(description, Wish({"w": 3}, ()), several(description, "w", 3), "w", **wish)


@given(st.lists(st.sampled_from(["more", "less", "this"]), max_size=8))
def test_requests_add_up_in_whatever_order_they_come(requests: list[str]) -> None:
    description = described({"w": (1, 30)})
    there, wish = several(description, "w", 12), Wish({"w": 12}, ())
    for number, request in enumerate(requests):
        change: dict[str, Any] = {"drop": there[number].id} if request == "this" else {}
        wish = scaled(description, wish, there, "w", **(change or {"by": 1 if request == "more" else -1}))
    assert wish.targets["w"] == 12 + requests.count("more") - requests.count("less") - requests.count("this")
    going = retired(decide(description, wish.targets, wish.condemned, False, there, NOW))
    staying = [each for each in there if each.id not in going]
    coming = created(decide(description, wish.targets, (), False, staying, NOW))
    assert len(staying) + len(coming) == wish.targets["w"]
    assert set(wish.condemned) <= set(going)


def test_nothing_is_decided_about_what_is_well() -> None:
    description = described({"m": (1, 1), "w": (2, 5)}, ("w", "m"))
    there = [instance(description, "m"), *several(description, "w", 2, saw={"m": ["m1"]})]
    assert decide(description, {}, (), False, there, NOW).steps == ()
    assert plan(None, description, there, NOW).changes == 0


def test_what_is_decided_is_not_decided_again() -> None:
    description = described({"w": (3, 3)})
    there = several(description, "w", 2)
    found = decide(description, {}, (), False, there, NOW)
    assert created(found) == [("w", 3)]
    there.append(instance(description, "w", 3, state=State.PLANNED, ready=None))
    assert decide(description, {}, (), False, there, NOW).steps == ()


def test_dependents_wait_for_all_that_they_need() -> None:
    description = described({"m": (2, 2), "w": (1, 1)}, ("w", "m"))
    there = [instance(description, "m", 1), instance(description, "m", 2, state=State.CHECKING, ready=None)]
    found = decide(description, {}, (), False, there, NOW)
    assert found.steps == () and found.waiting[0][:2] == ("w", "order")


def test_one_missing_answer_changes_no_fate_and_a_long_silence_does() -> None:
    description = described({"w": (1, 1)})
    row = instance(description, "w")
    row = row._replace(**seen(row, None, True, NOW))
    assert row.state is State.AILING and row.missing_since == NOW
    grace = int(Patience().missing * SECOND)
    assert decide(description, {}, (), False, [row], NOW + grace).steps == ()
    assert retired(decide(description, {}, (), False, [row], NOW + grace + 1)) == ["w1"]


def test_a_fresh_machine_may_be_missing_for_longer() -> None:
    description = described({"w": (1, 1)})
    row = instance(
        description, "w", provider="ec2", state=State.PENDING, ready=None, addresses=(), missing_since=NOW
    )
    soon, later = (NOW + int(seconds * SECOND) for seconds in (Patience().missing + 1, Patience().fresh + 1))
    assert retired(decide(description, {}, (), False, [row], soon)) == []
    assert retired(decide(description, {}, (), False, [row], later)) == ["w1"]


def test_a_machine_that_is_half_made_is_asked_for_again() -> None:
    row = instance(described({"w": (1, 1)}), "w", state=State.CREATING, ref=None)
    change = seen(row, Machine("r", row.id, Standing.PENDING), True, NOW)
    assert change == {"ref": "r"}  # Whoever made it may have died; only who is answered goes on.
    assert seen(row, Machine("r", row.id, Standing.READY), True, NOW)["state"] is State.CHECKING


def test_health_has_a_clock_that_success_stops() -> None:
    description = described({"w": (1, 1)}, offered=(Implementation({}, health=Health(timeout=60)),))
    row = instance(description, "w")
    ill = row._replace(**checked(row, "port 22 is not open", NOW))
    assert (ill.state, ill.failing_since, ill.reason) == (State.AILING, NOW, "port 22 is not open")
    still = ill._replace(**checked(ill, "port 22 is not open", NOW + 50 * SECOND))
    assert still.failing_since == NOW
    assert retired(decide(description, {}, (), False, [still], NOW + 60 * SECOND)) == []
    assert retired(decide(description, {}, (), False, [still], NOW + 61 * SECOND)) == ["w1"]
    well = still._replace(**checked(still, "", NOW + 59 * SECOND))
    assert (well.state, well.failing_since) == (State.READY, None)


def test_a_machine_that_is_shown_again_is_no_longer_missing() -> None:
    row = instance(described({"w": (1, 1)}), "w", state=State.AILING, missing_since=NOW)
    machine = Machine("r", "w1", Standing.READY, ("10.0.0.1",), "10.0.0.1")
    row = row._replace(**seen(row, machine, True, NOW))
    assert row.missing_since is None and checked(row, "", NOW)["state"] is State.READY


def test_the_brake_holds_back_mass_replacement_and_not_a_single_one() -> None:
    description = described({"w": (4, 4)})
    there = several(description, "w", 4)
    one = [there[0]._replace(state=State.FAILED), *there[1:]]
    assert retired(decide(description, {}, (), False, one, NOW)) == ["w1"]
    three = [*(each._replace(state=State.FAILED) for each in there[:3]), there[3]]
    found = decide(description, {}, (), False, three, NOW)
    assert found.steps == () and found.held == ("w1", "w2", "w3") and "3 of 4" in found.brake["w"]
    assert retired(decide(description, {}, (), False, three, NOW, released=True)) == ["w1", "w2", "w3"]


@pytest.mark.parametrize("unavailable", [1, 2])
def test_changed_ones_are_replaced_so_few_at_a_time(unavailable: int) -> None:
    description = described({"w": (4, 4)}, unavailable=unavailable)
    there = several(description, "w", 4, hash="other")
    assert retired(decide(description, {}, (), False, there, NOW)) == ["w1", "w2"][:unavailable]
    ailing = [there[0]._replace(state=State.AILING), *there[1:]]
    assert retired(decide(description, {}, (), False, ailing, NOW)) == ["w1", "w2"][:unavailable]


def test_one_empty_answer_does_not_hurry_a_replacement() -> None:
    description = described({"w": (4, 4)})
    unseen = several(description, "w", 4, hash="other", state=State.AILING, missing_since=NOW)
    assert retired(decide(description, {}, (), False, unseen, NOW)) == ["w1"]
    going = [unseen[0]._replace(state=State.DROPPING), *unseen[1:]]
    assert retired(decide(description, {}, (), False, going, NOW)) == []
    fresh = [each._replace(ready=None, state=State.CHECKING, missing_since=None) for each in unseen]
    assert retired(decide(description, {}, (), False, fresh, NOW)) == ["w1", "w2", "w3", "w4"]


def test_who_knows_others_of_its_own_node_is_not_replaced_with_them() -> None:
    description = described({"m": (1, 1), "w": (2, 2)}, ("w", "m"))
    there = [instance(description, "m"), *several(description, "w", 2, saw={"m": ["m1"], "w": ["w0"]})]
    assert decide(description, {}, (), False, there, NOW).steps == ()
    assert plan(None, description, [*there, instance(description, "w", 3, state=State.FAILED)], NOW).changes


def test_only_what_a_node_waits_for_is_followed() -> None:
    nodes = dict.fromkeys("mwx", (1, 1))
    description = described(nodes, ("w", "m"), ("x", "w"))
    gone: dict[str, Any] = {"saw": {"m": ["m0"]}}
    for name, followed in (("w", True), ("x", True), ("m", False)):
        there = [instance(description, each, **(gone if each == name else {})) for each in nodes]
        assert bool(decide(description, {}, (), False, there, NOW).steps) is followed


def test_a_plan_says_what_the_brake_holds_back() -> None:
    description = described({"w": (4, 4)})
    there = several(description, "w", 4, state=State.FAILED)
    (warning,) = plan(None, description, there, NOW).warnings
    assert warning.startswith("4 of 4 instances of w fail") and "shoal infra release" in warning
    assert plan(None, description, [there[0], *several(description, "w", 4)[1:]], NOW).warnings == ()


def test_a_node_that_was_given_up_loses_no_more_healthy_ones() -> None:
    description = described({"w": (3, 3)})
    there = several(description, "w", 3, hash="other")
    found = decide(description, {}, (), False, there, NOW, setbacks=Setbacks({"w": "no"}))
    assert found.steps == ()


def test_a_budget_holds_while_machines_are_planned_and_have_no_price_yet() -> None:
    offered = (Implementation({"type": "simulated", "price": 1.0}),)
    description = described({"w": (5, 5)}, offered=offered, budget=3.0)
    first = decide(description, {}, (), False, [], NOW)
    assert created(first) == [("w", 1), ("w", 2), ("w", 3)] and first.waiting[0].code == "over_budget"
    fresh = several(description, "w", 3, state=State.PLANNED, ready=None, price=None)
    again = decide(description, {}, (), False, fresh, NOW)
    assert created(again) == [] and again.waiting[0].code == "over_budget"
    assert plan(None, description, fresh, NOW).cost == 5.0
    bare = described({"w": (5, 5)}, budget=3.0)
    told = {("w_type", 0): 1.0}  # by the provider
    assert created(decide(bare, {}, (), False, several(bare, "w", 2, price=None), NOW, known=told)) == [
        ("w", 3)
    ]


def test_destroying_begins_with_those_that_nobody_needs() -> None:
    description = described({"m": (1, 1), "w": (2, 2)}, ("w", "m"))
    there = [instance(description, "m"), *several(description, "w", 2)]
    assert retired(decide(description, {}, (), True, there, NOW)) == ["w1", "w2"]
    going = [there[0], *(each._replace(state=State.DROPPING) for each in there[1:])]
    assert retired(decide(description, {}, (), True, going, NOW)) == ["m1"]


def test_a_hash_tells_what_needs_a_new_machine() -> None:
    made = Implementation({"type": "simulated"}, {"type": "cloudinit", "context_template": {"runcmd": ["a"]}})
    base = described({"w": (1, 1)}, offered=(made,))
    same = described(
        {"w": (2, 9)}, offered=(Implementation(made.resource, made.contextualisation, drain="x"),)
    )
    other = described({"w": (1, 1)}, offered=(Implementation({"type": "simulated", "price": 1}),))
    assert fingerprint(base, "w", 0) == fingerprint(same, "w", 0) != fingerprint(other, "w", 0)


def test_machines_stay_when_hosts_are_added_or_are_reached_in_another_way() -> None:
    def hashed(**resource: Any) -> str:
        made = Implementation({"type": "hosts", "user": "me", **resource})
        return fingerprint(described({"w": (1, 1)}, offered=(made,)), "w", 0)

    now = hashed(hosts=["a", "b"], key_file="k")
    assert hashed(hosts=["a", "b", "c"], key_file="another", known_hosts="accept") == now
    assert hashed(hosts=["a", "b"], key_file="k", user="another") != now


def test_a_plan_says_what_becomes_of_each_and_what_it_costs() -> None:
    offered = (Implementation({"type": "simulated", "price": 0.5}, health=Health(ports=(22, 80))),)
    description = described({"m": (1, 1), "w": (3, 9)}, ("w", "m"), offered=offered, budget=1.0)
    there = [
        instance(description, "m", hash="other", price=0.4),
        instance(description, "w", saw={"m": ["m1"]}, price=0.5),
        instance(description, "x", price=2.0),
    ]
    found = plan(None, description, there, NOW)
    acts = [(step.act, step.node, step.instance) for step in found.steps]
    assert acts == [
        (Act.REPLACE, "m", "m1"),
        (Act.REPLACE, "w", "w1"),
        (Act.CREATE, "w", None),
        (Act.CREATE, "w", None),
        (Act.DROP, "x", "x1"),
    ]
    assert (round(found.cost_now, 6), found.cost) == (2.9, 2.0)
    assert found.levels == (("m",), ("w",)) and found.ports == {"m": (22, 80), "w": (22, 80)}
    assert "budget" in found.warnings[0]


def test_a_plan_of_another_state_has_another_fingerprint() -> None:
    description = described({"w": (2, 2)})
    there = several(description, "w", 2)
    first = plan(None, description, there, NOW).fingerprint
    assert plan(None, description, list(reversed(there)), NOW).fingerprint == first
    assert plan(None, description, there[:1], NOW).fingerprint != first


def test_a_machine_that_does_not_start_is_given_up_with_what_its_provider_said() -> None:
    description = described({"worker": (1, 1)}, start_timeout=20.0)
    row = instance(description, "worker", state=State.PENDING, ready=None)
    machine = Machine("r", row.id, Standing.AILING, ("10.0.0.1",), None, "sh ended with 3")
    change = seen(row, machine, False, NOW)
    assert change["reason"] == "its machine is temp_failed: sh ended with 3" and "state" not in change
    row = row._replace(**change)
    assert "reason" not in seen(row, machine, False, NOW)
    later = NOW + 21 * SECOND
    (step,) = [
        step for step in decide(description, {}, (), False, [row], later).steps if step.do is Do.RETIRE
    ]
    assert step.reason == "it did not start within 20 seconds: its machine is temp_failed: sh ended with 3"
