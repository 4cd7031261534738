"""The nodes of a description: names, types, how many, and their variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shoal.infra.describing.attributes import RESOURCES
from shoal.infra.describing.bundle import Path
from shoal.infra.describing.inspection import Inspection, is_template
from shoal.infra.describing.sections import NODE, SCALING
from shoal.infra.model import Node

_TEXTS = frozenset(key.name for keys in RESOURCES.values() for key in keys if key.kind == "text")
_NAME = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def name_of(check: Inspection, given: Any, path: Path, what: str) -> str:
    """Return a name, which machines' names are made of; a fault is noted."""
    name = given if isinstance(given, str) else ""
    if name and not _NAME.fullmatch(name):
        better = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")[:64] or "worker"
        check.fault(
            path,
            f"{what} cannot be {name[:80]!r}: letters, digits and `-`, at most 64.",
            f"Write `{path[-1]}: {better}`.",
        )
    return name


def nodes_of(check: Inspection, given: Any, variables: Mapping[str, Any]) -> tuple[Node, ...]:
    """Return the nodes; faults are noted, also names that are there twice."""
    path: Path = ("description", "nodes")
    if given is None:
        return ()
    if not given:
        check.fault(path, "There is no node.", "Write `- name: master` and `type: master_node` below it.")
    found: dict[str, Node] = {}
    for index, one in enumerate(given):
        node = _node(check, one, (*path, index), variables)
        if node.name in found:
            message = f"Two nodes have the name {node.name!r}."
            check.fault((*path, index, "name"), message, "Give each its own; `scaling` makes several of one.")
        elif node.name:
            found[node.name] = node
    return tuple(found.values())


def _node(check: Inspection, given: Any, path: Path, variables: Mapping[str, Any]) -> Node:
    name = given.get("name") if isinstance(given, Mapping) else None
    what = f"Node {name!r}" if isinstance(name, str) and name.strip() else f"Node {int(path[-1]) + 1}"
    found = check.keyed(given, path, NODE, what)
    least, most = _scaling(check, found.get("scaling", {}), (*path, "scaling"), what)
    return Node(
        name_of(check, found.get("name"), (*path, "name"), "A node's name"),
        found.get("type", ""),
        least,
        most,
        {key: _as_resource(key, value) for key, value in found.get("filter", {}).items()},
        _merged(variables, found.get("variables", {})),
    )


def _as_resource(key: str, value: Any) -> Any:
    """Return a value to compare with a resource's, where numbers have become text."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number and key in _TEXTS else value


def _merged(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables with others over them; mappings in both are merged in turn, lists are not."""
    found = dict(lower)
    for name, value in upper.items():
        below = found.get(name)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            found[name] = _merged(below, value)
        else:
            found[name] = value
    return found


def _scaling(check: Inspection, given: Any, path: Path, what: str) -> tuple[int, int]:
    found = check.keyed(given, path, SCALING, f"`scaling` of {what.lower()}")
    for name in ("min", "max"):
        if is_template(found.get(name)):
            check.fault((*path, name), f"`{name}` is a template.", f"Write a number, like `{name}: 2`.")
            return 1, 1
    # Of each node there is at least one, also where Occopus' files say 0.
    least = max(found.get("min", 1), 1)
    most = max(found.get("max", least), 1)
    if most < least:
        message = f"{what}: `max` is {most}, less than `min`, which is {least}."
        check.fault((*path, "max"), message, f"Write `max: {least}` or more, or leave it out.")
    return least, max(least, most)
