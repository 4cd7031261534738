"""One part of a sorted list after another, each found by its last row and never by counting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_


@dataclass(frozen=True)
class Order:
    """Sort rows by a column, those without a value last, and among equals by `ties`, ascending.

    Together the ties name a row, so that a place in the list is the column's value and theirs.
    """

    column: ColumnElement[Any]
    descending: bool
    ties: tuple[ColumnElement[Any], ...]

    def part(self, query: Select[Any], after: Sequence[Any] | None, limit: int) -> Select[Any]:
        """Return a query for at most `limit` rows, those after a place or the first."""
        if after is not None:
            query = query.where(self._beyond(after[0], after[1:]))
        direction = self.column.desc() if self.descending else self.column.asc()
        return query.order_by(self.column.is_(None), direction, *self.ties).limit(limit)

    def _beyond(self, value: Any, ties: Sequence[Any]) -> ColumnElement[bool]:
        later = self._later(ties)
        if value is None:
            return self.column.is_(None) & later
        further = self.column < value if self.descending else self.column > value
        return or_(self.column.is_(None), further, and_(self.column == value, later))

    def _later(self, ties: Sequence[Any]) -> ColumnElement[bool]:
        places = range(len(self.ties))
        same = [[self.ties[i] == ties[i] for i in range(place)] for place in places]
        return or_(*(and_(*same[place], self.ties[place] > ties[place]) for place in places))
