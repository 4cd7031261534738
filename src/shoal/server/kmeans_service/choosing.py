"""The recommended tasks of a job under a smallest cluster: the table of two rows and three columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shoal.clustering.modes import MODE_NAMES
from shoal.studies.model import Fit, Study
from shoal.studies.results.scoring import candidates, choose, nearest_miss

ROWS, COLUMNS = ("tied", "untied"), ("full", "diag", "spher")


@dataclass(frozen=True)
class Cell:
    """One covariance mode: its recommended task, or the largest size its smallest cluster had."""

    mode: str
    tried: bool
    fit: Fit | None
    nearest: int


@dataclass(frozen=True)
class Chosen:
    """Hold what is recommended by mode; `best` is over all of them, None when no task qualifies."""

    least: int
    best: Fit | None
    cells: dict[str, Cell]

    @property
    def rows(self) -> list[tuple[str, list[Cell]]]:
        """Return the table: a row for tied and one for untied."""
        return [(tied, [self.cells[f"{shape}-{tied}"] for shape in COLUMNS]) for tied in ROWS]

    @property
    def nearest(self) -> int:
        """Return the largest size at which something would be recommended."""
        return max((cell.nearest for cell in self.cells.values()), default=0)


def chosen(study: Study, fits: Sequence[Fit], least: int) -> Chosen:
    """Choose as the study does, but with another smallest cluster."""
    plan, usable = replace(study.plan, min_members=least), candidates(fits)
    found, missed = choose(usable, plan), nearest_miss(usable, plan)
    cells = {}
    for mode in MODE_NAMES:
        choice = found.per_mode.get(mode)
        fit = choice.fit.fit if choice is not None else None
        cells[mode] = Cell(mode, mode in study.plan.covariances, fit, missed.get(mode, 0))
    return Chosen(least, found.best.fit.fit if found.best else None, cells)
