"""The fits of a plan: their ids and their order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, pairwise
from typing import NamedTuple

from shoal.studies.plan import StudyPlan


class FitTask(NamedTuple):
    """One cell of the grid in one repeat."""

    id: int
    experiment: int
    k: int
    covariance: str


def grid(plan: StudyPlan) -> list[FitTask]:
    """Return every fit: by experiment, then k, then covariance mode; ids count from 0.

    What an extension adds comes after, in the same order, so that ids never change.
    """
    ids = count()
    return [FitTask(next(ids), *cell) for low, high in _spans(plan) for cell in _cells(plan, low, high)]


def _spans(plan: StudyPlan) -> Iterator[tuple[int, int]]:
    yield from pairwise((0, *plan.former, plan.max_k))


def _cells(plan: StudyPlan, low: int, high: int) -> Iterator[tuple[int, int, str]]:
    for experiment in range(plan.n_experiments):
        for k in range(low + 1, high + 1):
            for covariance in plan.covariances:
                yield experiment, k, covariance
