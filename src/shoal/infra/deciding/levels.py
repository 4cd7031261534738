"""In which order nodes are made: by levels, each of which needs only those before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shoal.base.errors import InvalidInput
from shoal.infra.model import Description


def levels(description: Description) -> list[list[str]]:
    """Return the names of the nodes by level, in the description's order inside a level.

    Raises:
        InvalidInput: nodes need each other in a circle, or an edge names a node that is not there.
    """
    left = dict(needs(description))
    found: list[list[str]] = []
    while left:
        level = [name for name, needed in left.items() if not needed & left.keys()]
        if not level:
            raise InvalidInput(
                f"Nodes need each other in a circle: {', '.join(sorted(left))}.",
                hint="Take one of the dependencies away.",
                nodes=sorted(left),
            )
        found.append(level)
        for name in level:
            del left[name]
    return found


def needs(description: Description) -> Mapping[str, frozenset[str]]:
    """Return for each node the names of those that it needs."""
    found: dict[str, set[str]] = {node.name: set() for node in description.nodes}
    for edge in description.edges:
        for name in (edge.dependent, edge.dependee):
            if name not in found:
                raise InvalidInput(f"A dependency names the node {name!r}, which is not there.", node=name)
        found[edge.dependent].add(edge.dependee)
    return {name: frozenset(needed) for name, needed in found.items()}


def all_needed(needs: Mapping[str, Collection[str]], name: str) -> frozenset[str]:
    """Return the nodes that are there when a node is made: those that it needs, and what these need."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        fresh = set(needs.get(waiting.pop(), ())) - seen
        seen |= fresh
        waiting += fresh
    return frozenset(seen)
