"""What figures are made of: a study's summary, and the rows that are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.modes import MODE_NAMES
from shoal.storage.arrow_values import floats
from shoal.studies.figures.sampling import drawn_rows
from shoal.studies.figures.slots import matched
from shoal.studies.plan import StudyPlan
from shoal.studies.summary import Best, Summary

Doubles = NDArray[np.float64]
MOST_COLUMNS = 32  # that a page can choose for its axes; one that is asked for by name is added


@dataclass(frozen=True, eq=False)
class Material:
    """Hold what the figures of one study need.

    `labels` by mode (n,) and `certainty` (n,) belong to the clustered rows and count from 0; `rows` (n,) are
    their places in `table`. `shown` are the modes' fits; `single` is a fit of its own with its labels.
    """

    name: str
    plan: StudyPlan
    summary: Summary
    table: Any
    rows: NDArray[np.int64]
    labels: Mapping[str, NDArray[np.integer]]
    certainty: NDArray[np.float32]
    numbers: tuple[str, ...]
    asked: tuple[str, ...] = ()
    single: tuple[Best, NDArray[np.integer]] | None = None
    _values: dict[str, Doubles] = field(default_factory=dict)

    @property
    def best(self) -> Best | None:
        """Return the best fit."""
        return self.summary["best"]

    @property
    def total(self) -> int:
        """Return how many rows were clustered."""
        return self.summary["rows"]

    @cached_property
    def modes(self) -> dict[str, Best]:
        """Return the recommended fits by mode, in the usual order."""
        found = self.summary["recommended"]
        return {mode: found[mode] for mode in MODE_NAMES if mode in found and mode in self.labels}

    @cached_property
    def lead(self) -> NDArray[np.integer]:
        """Return the labels that give clusters their numbers: a single fit's own, else the best fit's."""
        if self.single is not None:
            return self.single[1]
        if self.best is not None and self.best["covariance"] in self.labels:
            return self.labels[self.best["covariance"]]
        return next(iter(self.labels.values()), np.zeros(self.total, np.int64))

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Return the places of the rows to draw, among the clustered ones."""
        return drawn_rows(self.lead, int(self.lead.max(initial=0)) + 1, self.plan.seed)

    @cached_property
    def slots(self) -> dict[str, NDArray[np.int64]]:
        """Return for each mode the slot of each of its clusters."""
        return {mode: matched(self.labels[mode], self.lead) for mode in self.modes}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the columns for axes: those clustered by, places, then other numbers."""
        used = [name for name in self.plan.columns or () if name in self.numbers]
        places = [name for name in self.places if name not in used]
        others = [name for name in self.numbers if name not in {*used, *places}]
        first = [*used[: MOST_COLUMNS - len(places)], *places, *others][:MOST_COLUMNS]
        return tuple(dict.fromkeys([*first, *self.asked]))

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Return the columns of longitude and latitude, or nothing."""
        named = {name.strip().lower(): name for name in reversed(self.numbers)}
        both = [named[word] for word in ("longitude", "latitude") if word in named]
        return tuple(both) if len(both) == 2 else ()

    def field(self, column: str) -> str:
        """Return the safe field of a column."""
        return f"c{self.columns.index(column)}"

    def values(self, column: str) -> Doubles:
        """Return a column of the drawn rows; a gap is filled as the study filled it, or is NaN."""
        if column not in self._values:
            whole = self.table.column(column)
            found = floats(whole.take(_indices(self.rows[self.order])))
            found[~np.isfinite(found)] = np.nan
            if np.isnan(found).any() and column in (self.plan.columns or ()):
                found[np.isnan(found)] = np.nanmedian(
                    np.where(np.isfinite(all_ := floats(whole)), all_, np.nan)
                )
            self._values[column] = found
        return self._values[column]


def _indices(places: NDArray[np.int64]) -> Any:
    from shoal.storage.arrow_values import numbers

    return numbers(places)
