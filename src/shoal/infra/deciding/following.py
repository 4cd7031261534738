"""Whom an instance follows: whose facts it was given, so that it is made again when they are replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shoal.infra.deciding.levels import all_needed, needs
from shoal.infra.model import Description, Instance


class Following:
    """Tell of many instances whom they follow.

    Those are instances of nodes that its own node needs, directly or not, or that are no longer described.
    Others of its own node are not followed: each would be made again because the one before it was, without
    end. The same holds for a node that it finds without waiting for it.
    """

    def __init__(self, description: Description) -> None:
        self._needs = needs(description)
        self._before: dict[str, frozenset[str]] = {}

    def of(self, instance: Instance) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield the nodes whose instances are followed, each with the ids of these."""
        for node, ids in instance.saw.items():
            if node != instance.node and (node not in self._needs or self._is_before(node, instance.node)):
                yield node, ids

    def _is_before(self, node: str, later: str) -> bool:
        if node in self._needs.get(later, ()):
            return True
        if (found := self._before.get(later)) is None:
            found = self._before[later] = all_needed(self._needs, later)
        return node in found
