"""Scores over the repeats: means with intervals, the best for each k, and what is recommended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.modes import MODE_NAMES
from shoal.clustering.selection import Recommendation, qualifies, recommend
from shoal.studies.model import Fit
from shoal.studies.plan import StudyPlan
from shoal.studies.summary import Best, Cell

RESAMPLINGS = 1000
BOUNDS = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fit that worked, as choosing sees it."""

    fit: Fit
    experiment: int
    k: int
    mode: str
    bic: float
    smallest: float
    degenerate: bool


def candidates(fits: Sequence[Fit]) -> list[Candidate]:
    """Return the fits that worked."""
    return [
        Candidate(fit, fit.experiment, fit.k, fit.covariance, fit.bic, fit.smallest, fit.degenerate)
        for fit in fits
        if fit.state == "succeeded" and fit.bic is not None
    ]


def choose(found: Sequence[Candidate], plan: StudyPlan) -> Recommendation[Candidate]:
    """Return what a plan recommends of the fits that worked."""
    return recommend(found, plan.select, plan.min_members or 1)


def as_best(fit: Fit) -> Best:
    """Return a fit as the summary shows it."""
    return Best(
        fit=fit.fit,
        experiment=fit.experiment,
        k=fit.k,
        covariance=fit.covariance,
        bic=fit.bic or 0.0,
        aic=fit.aic or 0.0,
        icl=fit.icl or 0.0,
        log_likelihood=fit.log_likelihood or 0.0,
        sizes=list(fit.sizes),
    )


def score_cells(found: Sequence[Candidate], plan: StudyPlan) -> dict[str, list[Cell]]:
    """Return for each mode the scores at each k.

    Means are over the repeats whose fit may be recommended, or over all where none may.
    """
    least = plan.min_members or 1
    by_cell: dict[tuple[str, int], list[Candidate]] = defaultdict(list)
    for one in found:
        by_cell[one.mode, one.k].append(one)
    draws = _Draws(plan.seed)
    cells: dict[str, list[Cell]] = {}
    for mode, k in sorted(by_cell, key=lambda cell: (MODE_NAMES.index(cell[0]), cell[1])):
        here = by_cell[mode, k]
        passing = [one for one in here if qualifies(one, least)]
        cells.setdefault(mode, []).append(_cell(k, len(here), len(passing), passing or here, draws))
    return cells


def best_by_k(found: Sequence[Candidate], plan: StudyPlan) -> list[float | None]:
    """Return the best BIC at each k from 1 on, over all modes; None where no fit may be recommended."""
    best: dict[int, float] = {}
    for one in found:
        if qualifies(one, plan.min_members or 1):
            best[one.k] = max(one.bic, best.get(one.k, one.bic))
    return [best.get(k) for k in range(1, plan.max_k + 1)]


def nearest_miss(found: Sequence[Candidate], plan: StudyPlan) -> dict[str, int]:
    """Return for each mode of the plan the largest size that a smallest cluster had, 0 if none is usable."""
    return {
        mode: max((int(one.smallest) for one in found if one.mode == mode and not one.degenerate), default=0)
        for mode in plan.covariances
    }


class _Draws:
    """Draw the same re-samplings of the repeats for every cell, so that cells can be compared."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._known: dict[int, NDArray[np.int64]] = {}

    def of(self, number: int) -> NDArray[np.int64]:
        if number not in self._known:
            rng = np.random.default_rng([self._seed, number])
            self._known[number] = rng.integers(number, size=(RESAMPLINGS, number))
        return self._known[number]


def _cell(k: int, fits: int, passing: int, counted: Sequence[Candidate], draws: _Draws) -> Cell:
    bic = np.array([one.bic for one in counted])
    aic, icl = (np.array([getattr(one.fit, name) for one in counted]) for name in ("aic", "icl"))
    lows = [np.percentile(values[draws.of(len(values))].mean(axis=1), BOUNDS) for values in (bic, aic)]
    return Cell(
        k=k,
        fits=fits,
        passing=passing,
        best_bic=float(bic.max()),
        bic=float(bic.mean()),
        bic_low=float(lows[0][0]),
        bic_high=float(lows[0][1]),
        aic=float(aic.mean()),
        aic_low=float(lows[1][0]),
        aic_high=float(lows[1][1]),
        icl=float(icl.mean()),
    )
