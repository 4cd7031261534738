"""Which implementations a node may be made by."""

from __future__ import annotations

from typing import Any

from shoal.infra.model import Description, Node


def candidates(description: Description, node: Node) -> tuple[int, ...]:
    """Return the indices of those implementations of a node's type whose resource equals its filter."""
    return tuple(
        index
        for index, one in enumerate(description.definitions.get(node.type, ()))
        if all(
            name in one.resource and _same(one.resource[name], value) for name, value in node.filter.items()
        )
    )


def _same(held: Any, wanted: Any) -> bool:
    # What counts as text was made text; a filter's number means the same.
    numbers = isinstance(held, str) and isinstance(wanted, int | float) and not isinstance(wanted, bool)
    return bool(str(wanted) == held if numbers else wanted == held)
