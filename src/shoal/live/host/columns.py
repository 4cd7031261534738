"""Which columns of a task's rows are clustered, which name a row, and which are foretold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shoal.base.errors import InvalidInput
from shoal.live.model import Wish


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns by their places; None means all."""

    clustered: tuple[int, ...] | None
    predictions: dict[str, int]
    identifier: int | None

    @classmethod
    def of(cls, wish: Wish) -> Columns:
        """Return the places of what a wish names.

        Raises:
            InvalidInput: a column is named that rows do not have, or nothing is left to cluster.
        """
        names = list(wish.columns)
        if not names:  # Rows without names are taken as they are.
            return cls(None, {}, None)
        predictions = {name: _place(names, name) for name in wish.predictions}
        identifier = None if wish.identifier is None else _place(names, wish.identifier)
        others = {*predictions.values(), identifier}
        chosen = [_place(names, name) for name in wish.variables]
        chosen = chosen or [place for place in range(len(names)) if place not in others]
        if not chosen:
            raise InvalidInput("No column is left to cluster.", hint="Name one in `variables`.")
        everything = chosen == list(range(len(names)))
        return cls(None if everything else tuple(chosen), predictions, identifier)

    def of_rows(self, rows: Any) -> Any:
        """Return the clustered columns of rows that have all; series are taken whole."""
        if self.clustered is None or isinstance(rows, list):
            return rows
        return np.ascontiguousarray(rows[:, self.clustered])

    def of_question(self, rows: Any) -> Any:
        """Return the clustered columns of rows that have all columns, or just those."""
        if self.clustered is not None and np.shape(rows)[-1] == len(self.clustered):
            return rows
        return self.of_rows(rows)


def _place(names: list[str], name: str) -> int:
    try:
        return names.index(name)
    except ValueError:
        raise InvalidInput(f"There is no column {name!r}.", hint=f"Columns are {', '.join(names)}.") from None
