"""Fits grouped into jobs: large enough that a job's overhead does not count, small enough to share out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heapreplace

from shoal.studies.planning.grid import FitTask

SHORTEST, LONGEST = 0.2, 1.0
# Jobs a worker gets at least, when there is work for them: so that the last one to end is not far behind.
ROUNDS = 4


def batches(tasks: Sequence[FitTask], cost: Callable[[FitTask], float], workers: int) -> list[list[FitTask]]:
    """Split fits into jobs of about `SHORTEST` to `LONGEST` seconds of `cost`, the longest first.

    Each fit stands in exactly one job, in the order of ids within it. A small study still makes two jobs a
    worker, unless it has fewer fits.
    """
    if not tasks:
        return []
    workers = max(1, workers)  # None here: others, of whom nobody knows how many will come.
    ordered = sorted(tasks, key=lambda task: (-cost(task), task.id))
    bins = _balanced(ordered, cost, _how_many(sum(map(cost, tasks)), len(tasks), workers))
    bins.sort(key=lambda fits: (-sum(map(cost, fits)), min(fits).id))
    return [sorted(fits) for fits in bins]


def _how_many(seconds: float, fits: int, workers: int) -> int:
    target = min(max(seconds / (ROUNDS * workers), SHORTEST), LONGEST)
    return min(fits, max(2 * workers, round(seconds / target)))


def _balanced(
    ordered: Sequence[FitTask], cost: Callable[[FitTask], float], number: int
) -> list[list[FitTask]]:
    """Give each fit, from the longest, to the job that has least so far (Graham 1969)."""
    bins: list[list[FitTask]] = [[] for _ in range(number)]
    loads = [(0.0, 0, place) for place in range(number)]
    heapify(loads)
    for task in ordered:
        load, held, place = loads[0]
        bins[place].append(task)
        heapreplace(loads, (load + cost(task), held + 1, place))
    return bins
