"""A bundle into a description that can be planned: everything is checked, and every fault is told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shoal.infra.deciding.origin import candidates
from shoal.infra.describing.bundle import Bundle, Path
from shoal.infra.describing.edges import edges
from shoal.infra.describing.implementations import implementations
from shoal.infra.describing.inspection import Inspection, is_template, shown
from shoal.infra.describing.nodes import name_of, nodes_of
from shoal.infra.describing.sections import DESCRIPTION, POLICY
from shoal.infra.describing.templates import check_templates
from shoal.infra.faults import choice, refuse
from shoal.infra.model import Description, Implementation, Node, Policy

_ROOT: Path = ("description",)
_PLACEHOLDER = re.compile(r"replace_with_\w*")


def definitions_of(bundle: Bundle) -> dict[str, list[Any]]:
    """Return the node definitions of a bundle as they were written, checked.

    Raises:
        BadDescription: there are none, or something is wrong with them.
    """
    check = Inspection(bundle)
    if not bundle.definitions:
        check.fault(("definitions",), "There is no node definition.", "Write `node_def:TYPE:` and a list.")
    for kind, given in bundle.definitions.items():
        implementations(check, kind, given, ("definitions", kind))
    refuse(check.faults)
    return {kind: list(given) for kind, given in bundle.definitions.items()}


def described(bundle: Bundle, known: Mapping[str, Sequence[Any]], *, commands: bool = True) -> Description:
    """Return what a bundle describes; types are looked for in it, then among those that are `known`.

    `commands` says whether templates may run commands with `cmd`.

    Raises:
        BadDescription: something is wrong. All of it is told, of templates when the rest is right.
    """
    check = Inspection(bundle)
    if bundle.description is None:
        check.fault(_ROOT, "There is no description.", "Write `infra_name:`, `user_id:` and `nodes:`.")
        refuse(check.faults)
    given = check.keyed(bundle.description, _ROOT, DESCRIPTION, "The description")
    nodes = nodes_of(check, given.get("nodes"), given.get("variables", {}))
    found = Description(
        name_of(check, given.get("infra_name"), (*_ROOT, "infra_name"), "`infra_name`"),
        given.get("user_id", ""),
        nodes,
        edges(check, given.get("dependencies", ()), [node.name for node in nodes]),
        _types(check, bundle, known, nodes),
        _policy(check, given.get("policy", {})),
    )
    _check_candidates(check, found, {**known, **bundle.definitions})
    if not check.faults:  # What is missing elsewhere would be missed in every template.
        check_templates(check, found, commands=commands)
    _check_placeholders(check, bundle.description, _ROOT)
    refuse(check.faults)
    return found


def _types(
    check: Inspection, bundle: Bundle, known: Mapping[str, Sequence[Any]], nodes: Sequence[Node]
) -> dict[str, tuple[Implementation, ...]]:
    """Return the definitions of the types that the nodes have, and check all of the bundle."""
    used = {node.type for node in nodes if node.type}
    given = {**{kind: known[kind] for kind in used if kind in known}, **bundle.definitions}
    found = {kind: implementations(check, kind, one, ("definitions", kind)) for kind, one in given.items()}
    for index, node in enumerate(nodes):
        if node.type and node.type not in found:
            advice = choice(node.type, {*known, *found}) or "Import its definition first."
            check.fault((*_ROOT, "nodes", index, "type"), f"There is no node_def:{node.type}.", advice)
    return {kind: one for kind, one in found.items() if kind in used}


def _policy(check: Inspection, given: Mapping[str, Any]) -> Policy:
    path = (*_ROOT, "policy")
    found = check.keyed(given, path, POLICY, "`policy`")
    for name, value in found.items():
        zero = name in ("unavailable", "attempts", "start_timeout") and value == 0
        if is_template(value) or zero or (name == "brake" and value > 1):
            example = getattr(Policy(), name) or 1
            check.fault((*path, name), f"`{name}` cannot be {shown(value)}.", f"Write `{name}: {example}`.")
    return Policy(**found)


def _check_candidates(check: Inspection, found: Description, written: Mapping[str, Any]) -> None:
    """Note filters that nothing equals, and placeholders in what nodes would be made by."""
    chosen: set[tuple[str, int]] = set()
    for index, node in enumerate(found.nodes):
        fitting = candidates(found, node)
        chosen |= {(node.type, one) for one in fitting}
        if not fitting and found.definitions.get(node.type):
            check.fault(
                (*_ROOT, "nodes", index, "filter"),
                f"No implementation of node_def:{node.type} equals the filter of node {node.name!r}.",
                f"Their resources have: {_offered(found, node)}.",
            )
    for kind, index in sorted(chosen):
        _check_placeholders(check, written[kind][index], ("definitions", kind, index))


def _offered(found: Description, node: Node) -> str:
    kinds = found.definitions[node.type]
    return "; ".join(
        ", ".join(
            f"{name}: {one.resource[name]}" if name in one.resource else f"no {name}" for name in node.filter
        )
        for one in kinds[:5]
    )


def _check_placeholders(check: Inspection, value: Any, path: Path) -> None:
    if isinstance(value, Mapping):
        for name, below in value.items():
            _check_placeholders(check, below, (*path, name))
    elif isinstance(value, list | tuple):
        for index, below in enumerate(value):
            _check_placeholders(check, below, (*path, index))
    elif isinstance(value, str) and (left := _PLACEHOLDER.search(value)):
        line = value.count("\n", 0, left.start())
        check.fault(path, f"{left[0]} is still there.", "Put your own value in its place.", line)
