"""From which implementation an instance was made, and whether it would be made the same way today."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from shoal.infra.model import Description, Implementation, Instance, Node
from shoal.infra.providers.registry import made_from


def fingerprint(description: Description, node: str, implementation: int) -> str:
    """Return a hash of all that a machine of a node is made from: definition, variables, texts of templates.

    Health checks, drain scripts, published files and where hosts are found are not in it: they change without
    a new machine.
    """
    wanted = _node(description, node)
    made = description.definitions[wanted.type][implementation]
    source = {
        "infra_name": description.name,
        "user_id": description.user_id,
        "type": wanted.type,
        "variables": wanted.variables,
        "resource": made_from(made.resource),
        "contextualisation": made.contextualisation,
        "config_management": made.config_management,
    }
    text = json.dumps(source, sort_keys=True, ensure_ascii=False, default=_plain)
    return sha256(text.encode()).hexdigest()[:32]


def candidates(description: Description, node: Node) -> list[int]:
    """Return the numbers of the implementations that a node's filter lets through, as they are listed."""
    offered = description.definitions.get(node.type, ())
    return [n for n, made in enumerate(offered) if _passes(made.resource, node.filter)]


class Origins:
    """Tell of many instances what they were made from; each hash is made once."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._nodes = {node.name: node for node in description.nodes}
        self._known: dict[str, dict[str, int]] = {}

    def hashes(self, node: Node) -> Mapping[str, int]:
        """Return the numbers of a node's implementations by their hash."""
        if (known := self._known.get(node.name)) is None:
            numbers = reversed(candidates(self._description, node))
            known = {fingerprint(self._description, node.name, number): number for number in numbers}
            self._known[node.name] = known
        return known

    def current(self, instance: Instance) -> bool:
        """Say whether an instance is what would be made today."""
        node = self._nodes.get(instance.node)
        return node is not None and instance.hash in self.hashes(node)

    def implementation(self, instance: Instance) -> Implementation | None:
        """Return what an instance was made from, or, after a change, what has taken its place."""
        if (node := self._nodes.get(instance.node)) is None:
            return None
        offered = self._description.definitions.get(node.type, ())
        number = self.hashes(node).get(instance.hash, instance.implementation)
        return offered[number] if number < len(offered) else (offered[0] if offered else None)


def _node(description: Description, name: str) -> Node:
    node = description.node(name)
    if node is None:
        raise KeyError(name)
    return node


def _passes(resource: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    return all(resource.get(key) == value for key, value in chosen.items())


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
