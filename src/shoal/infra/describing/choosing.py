"""Which implementations a node may be made by."""

from __future__ import annotations

from shoal.infra.model import Description, Node


def candidates(description: Description, node: Node) -> tuple[int, ...]:
    """Return the indices of those implementations of a node's type whose resource equals its filter."""
    return tuple(
        index
        for index, one in enumerate(description.definitions.get(node.type, ()))
        if all(one.resource.get(name) == value for name, value in node.filter.items())
    )
