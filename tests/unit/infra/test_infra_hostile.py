"""Whatever is sent, the answer is a description or what is wrong with it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.infra.contexts.known import ALL
from shoal.infra.describing.attributes import RESOURCES
from shoal.infra.describing.bundle import bundle_of
from shoal.infra.describing.descriptions import definitions_of, described
from shoal.infra.describing.reading import text_bundle
from shoal.infra.describing.sections import (
    DESCRIPTION,
    HEALTH,
    IMPLEMENTATION,
    NODE,
    POLICY,
    SCALING,
)
from shoal.infra.errors import BadDescription

FOLDER = Path(__file__).parents[2] / "support" / "tutorials"
TEXTS = [path.read_text() for path in sorted(FOLDER.rglob("*.yaml"))]
SIGNS = list("\n\t :-[]{}&*!|>'\"%@#,?~<\x00\ufeff\u2028\ud800é0")
NAMES = sorted(
    {key.name for keys in (DESCRIPTION, HEALTH, IMPLEMENTATION, NODE, POLICY, SCALING) for key in keys}
    | {key.name for keys in RESOURCES.values() for key in keys}
    | {"connection", "mappings", "attributes", "synch", "context_template", "env", "<<", "", "/~"}
)
WORDS = [
    *RESOURCES,
    "cloudinit",
    "docker",
    "basic",
    "worker",
    "t",
    "{{ x",
    "{{ getip(worker) }}",
    "yes",
    "2",
    "",
]
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(WORDS)
)
TREES = st.recursive(
    LEAVES,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(NAMES), below, max_size=5),
    max_leaves=25,
)


def judged(bundle: Any) -> None:
    """Read what was sent as everything that it may be; anything but BadDescription is an error."""
    with suppress(BadDescription):
        described(bundle_of(bundle), {})
    with suppress(BadDescription):
        definitions_of(bundle_of(bundle))


@given(st.dictionaries(st.sampled_from(["description", "definitions", "places"]), TREES))
@settings(max_examples=100, deadline=None)
def test_any_upload_is_judged(plain: dict[str, Any]) -> None:
    with suppress(BadDescription):
        judged(bundle_of(plain).plain())


@given(
    st.dictionaries(st.sampled_from([key.name for key in DESCRIPTION]), TREES),
    st.lists(st.dictionaries(st.sampled_from([key.name for key in NODE]), TREES), max_size=3),
    st.lists(st.dictionaries(st.sampled_from([key.name for key in IMPLEMENTATION]), TREES), max_size=2),
    st.sampled_from(sorted(RESOURCES)),
    st.dictionaries(st.sampled_from(NAMES), TREES, max_size=6),
)
@settings(max_examples=150, deadline=None)
def test_any_values_in_the_right_places_are_judged(
    top: dict[str, Any],
    nodes: list[dict[str, Any]],
    several: list[dict[str, Any]],
    kind: str,
    section: dict[str, Any],
) -> None:
    sections = {"resource": {**section, "type": kind}, "health_check": section}
    judged(
        {
            "description": {**top, "nodes": [{"name": "worker", "type": "t", **node} for node in nodes]},
            "definitions": {"t": [{**sections, **one} for one in several] or [sections]},
        }
    )


WHOLE: dict[str, Any] = {
    "description": {
        "infra_name": "a",
        "user_id": "me",
        "variables": {"A": 1, "B": {"c": "x"}},
        "nodes": [
            {"name": "m", "type": "t", "scaling": {"min": 1, "max": 2}, "variables": {"x": "y"}},
            {"name": "w", "type": "u", "filter": {"type": "hosts"}},
        ],
        "dependencies": [
            ["w", "m"],
            {"connection": ["w", "m"], "mappings": [["a", "b"], {"attributes": ["a", "b"], "synch": True}]},
        ],
        "policy": {"unavailable": 1, "brake": 0.5, "budget": 3.5},
    },
    "definitions": {
        "t": [
            {
                "resource": {"type": "docker", "image": "d", "env": ["A=b"], "limits": {"memory": "5M"}},
                "contextualisation": {"type": "docker", "env": ["A=b"], "context_variables": {"a": "b"}},
                "config_management": {"type": "ansible", "playbook": [{"hosts": "all"}], "files": {"a": "b"}},
                "health_check": {
                    "ping": True,
                    "ports": [22],
                    "urls": ["http://{{ip}}"],
                    "mysqldbs": [{"name": "a", "user": "b", "pass": ""}],
                    "timeout": 5,
                },
                "drain": "x",
                "publish": ["/a"],
            }
        ],
        "u": [
            {
                "resource": {"type": "hosts", "hosts": ["a"], "port": 22, "sudo": True, "price": 1},
                "contextualisation": {"type": "cloudinit", "context_template": {"runcmd": ["a", ["b"]]}},
                "config_management": {"type": "puppet_solo", "manifests": ["a"], "attributes": [{"a": "b"}]},
            }
        ],
    },
}
WRONG: list[Any] = [
    None,
    [],
    {},
    [[]],
    [{}],
    [None],
    {"type": [1]},
    True,
    -1,
    1.5,
    10**17,
    "",
    " ",
    "{{ x }}",
    "{% if",
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for key, each in below:
        yield (*path, key)
        yield from places(each, (*path, key))


def test_any_kind_of_value_anywhere_is_judged() -> None:
    assert described(bundle_of(WHOLE), {}).name == "a"
    for path in places(WHOLE):
        for wrong in WRONG:
            bundle = deepcopy(WHOLE)
            reduce(getitem, path[:-1], bundle)[path[-1]] = wrong
            judged(bundle)


def mangled(text: str, chance: random.Random) -> str:
    """Return a text with some of its lines and signs moved, doubled, lost or strange."""
    for _ in range(chance.randint(1, 6)):
        at, size = chance.randrange(len(text) + 1), chance.randint(0, 12)
        piece = text[at : at + size]
        text = chance.choice(
            [
                text[:at] + chance.choice(SIGNS) + text[at:],
                text[:at] + text[at + size :],
                text[:at] + piece * 3 + text[at + size :],
                text[:at] + chance.choice(SIGNS) * chance.randint(1, 80) + text[at:],
            ]
        )
    return text


def test_any_text_is_judged() -> None:
    chance = random.Random(6)
    read = 0
    for _ in range(600):
        text = mangled(chance.choice(TEXTS).replace("!yaml_import", "!text_import"), chance)
        with suppress(BadDescription):
            judged(text_bundle(text, "it").plain())
            read += 1
    assert 0 < read < 600


MODULES = sorted(ALL)
BELOW = [
    *("content", "path", "permissions", "owner", "name", "uid", "groups", "source", "encoding"),
    *("sudo", "key", "shell", "list", "expire", "keyserver", "defer", "append", "passwd", "users"),
    *("size", "filename"),
]
VALUES = [
    *("", "a", "{{ x }}", "{{ variables.a", "{% if %}", "0644", "/tmp/x", "yes", "b64", "gzip", "../x"),
    *("a:b", "{{ getip('worker') }}", "é\n", "\u2028", "#!/bin/sh\n", "a" * 300),
    *(0, -1, 1.5, True, False, None, 10**17),
]


def branches(chance: random.Random, depth: int = 0) -> Any:
    """Return what might stand somewhere in a cloud-config."""
    kind = chance.random() + depth / 8
    if kind > 0.8:
        return chance.choice(VALUES)
    if kind > 0.5:
        return [branches(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return {chance.choice(BELOW): branches(chance, depth + 1) for _ in range(chance.randint(0, 4))}


def test_any_cloud_config_is_judged() -> None:
    chance = random.Random(3)
    for _ in range(2000):
        template = {chance.choice(MODULES): branches(chance) for _ in range(chance.randint(1, 4))}
        context = {"type": "cloudinit", "context_template": template}
        one = {"resource": {"type": "process"}, "contextualisation": context}
        nodes = [{"name": "worker", "type": "t"}]
        top = {"infra_name": "a", "user_id": "b", "variables": {"a": 1}, "nodes": nodes}
        judged({"description": top, "definitions": {"t": [one]}})
