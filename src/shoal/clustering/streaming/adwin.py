"""Notice that the mean of a sequence of numbers has changed: ADWIN (Bifet and Gavalda 2007, ADWIN2).

A window of numbers is kept as an exponential histogram: on level i, buckets of 2^i numbers each, with their
total and the sum of squared deviations. Every `CLOCK` numbers each border between buckets is tried as a cut;
where the means of both sides differ by more than chance (`delta`) explains, the older side is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import exact_kernel
from shoal.clustering.online.snapshots import InvalidSnapshot

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

LEVELS, BUCKETS = 48, 5
CLOCK, GRACE, SHORTEST = 32, 10, 5
WIDTH, TICKS = 0, 1  # Places in `counts`; those of the levels follow.
FIRST = 2
TOTAL, DEVIATION = 0, 1


@exact_kernel
def _insert(value: float, sums: Doubles, totals: Doubles, deviations: Doubles, counts: Integers) -> None:
    """Add a number to the window, and merge buckets wherever a level is full."""
    width = counts[WIDTH]
    if width > 0:
        gap = value - sums[TOTAL] / width
        sums[DEVIATION] += width * gap * gap / (width + 1)
    sums[TOTAL] += value
    counts[WIDTH] += 1
    total, deviation = value, 0.0
    for level in range(LEVELS):
        held = counts[FIRST + level]
        totals[level, held] = total
        deviations[level, held] = deviation
        counts[FIRST + level] = held + 1
        if held + 1 <= BUCKETS:
            return
        size = 2.0**level
        gap = (totals[level, 0] - totals[level, 1]) / size
        total = totals[level, 0] + totals[level, 1]
        deviation = deviations[level, 0] + deviations[level, 1] + size * gap * gap / 2.0
        _drop(level, 2, totals, deviations, counts)


@exact_kernel
def _drop(level: int, number: int, totals: Doubles, deviations: Doubles, counts: Integers) -> None:
    """Take the oldest buckets of a level away."""
    left = counts[FIRST + level] - number
    for place in range(left):
        totals[level, place] = totals[level, place + number]
        deviations[level, place] = deviations[level, place + number]
    counts[FIRST + level] = left


@exact_kernel
def _forget(sums: Doubles, totals: Doubles, deviations: Doubles, counts: Integers) -> None:
    """Take the oldest bucket out of the window."""
    level = LEVELS - 1
    while counts[FIRST + level] == 0:
        level -= 1
    size = 2**level
    total = totals[level, 0]
    deviation = deviations[level, 0]
    _drop(level, 1, totals, deviations, counts)
    counts[WIDTH] -= size
    sums[TOTAL] -= total
    width = counts[WIDTH]
    gap = total / size - sums[TOTAL] / width
    sums[DEVIATION] = max(0.0, sums[DEVIATION] - deviation - size * width * gap * gap / (size + width))


@exact_kernel
def _best_cut(
    delta: float, sums: Doubles, totals: Doubles, counts: Integers
) -> tuple[float, float, float, float]:
    """Return the border whose sides differ most: by how many times what chance explains, and both means.

    Last comes the standard deviation of the whole window.
    """
    width = counts[WIDTH]
    variance = sums[DEVIATION] / width
    doubt = np.log(2.0 * np.log(width) / delta)
    best, before, after = 0.0, 0.0, 0.0
    size, total = 0, 0.0
    for back in range(LEVELS):
        level = LEVELS - 1 - back
        for place in range(counts[FIRST + level]):
            size += 2**level
            total += totals[level, place]
            rest = width - size
            if size < SHORTEST or rest < SHORTEST:
                continue
            share = 1.0 / (size - SHORTEST + 1) + 1.0 / (rest - SHORTEST + 1)
            least = np.sqrt(2.0 * share * variance * doubt) + 2.0 / 3.0 * doubt * share
            old, new = total / size, (sums[TOTAL] - total) / rest
            if abs(old - new) > best * least:
                best, before, after = abs(old - new) / least, old, new
    return best, before, after, np.sqrt(variance)


@exact_kernel
def _feed(
    values: Doubles, delta: float, sums: Doubles, totals: Doubles, deviations: Doubles, counts: Integers
) -> tuple[int, float, float, float]:
    """Add numbers until a change is noticed; return how many were added, and the change.

    That is the mean before and after it, and the deviation of the window; NaN when none was noticed.
    """
    for place in range(values.shape[0]):
        _insert(values[place], sums, totals, deviations, counts)
        counts[TICKS] += 1
        if counts[TICKS] % CLOCK == 0 and counts[WIDTH] > GRACE:
            found, before, after, deviation = _best_cut(delta, sums, totals, counts)
            if found > 1.0:
                while found > 1.0 and counts[WIDTH] > GRACE:
                    _forget(sums, totals, deviations, counts)
                    found = _best_cut(delta, sums, totals, counts)[0]
                return place + 1, before, after, deviation
    return values.shape[0], np.nan, np.nan, np.nan


class Cut(NamedTuple):
    """A change noticed after `at` numbers of those given: the mean before and after it.

    `deviation` is that of the window that held both.
    """

    at: int
    before: float
    after: float
    deviation: float


class Adwin:
    """Keep a window of numbers as long as their mean stays the same.

    The numbers should be of the order of one: what chance explains has a part that is not in their unit.
    """

    def __init__(self, delta: float = 0.002) -> None:
        self.delta = delta
        self._sums = np.zeros(2)
        self._totals = np.zeros((LEVELS, BUCKETS + 1))
        self._deviations = np.zeros((LEVELS, BUCKETS + 1))
        self._counts = np.zeros(FIRST + LEVELS, np.int64)

    @property
    def width(self) -> int:
        """How many numbers the window holds."""
        return int(self._counts[WIDTH])

    @property
    def mean(self) -> float:
        """The mean of the window; 0 when it is empty."""
        return float(self._sums[TOTAL]) / max(self.width, 1)

    def feed(self, values: Doubles) -> Cut | None:
        """Add numbers up to the first change, which is returned; those after it are not added."""
        state = self._sums, self._totals, self._deviations, self._counts
        found = Cut(*_feed(values, self.delta, *state))
        return None if np.isnan(found.before) else found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state."""
        return {
            "sums": self._sums.copy(),
            "totals": self._totals.copy(),
            "deviations": self._deviations.copy(),
            "counts": self._counts.copy(),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], delta: float = 0.002) -> Self:
        """Return a window that goes on from a state."""
        made = cls(delta)
        for name, own in made.arrays().items():
            given = arrays.get(name)
            if given is None or given.shape != own.shape or given.dtype != own.dtype:
                raise InvalidSnapshot("This is no state of a watch for drifts.", hint="Begin a new one.")
        if arrays["counts"].min() < 0 or arrays["counts"][FIRST:].max() > BUCKETS:
            raise InvalidSnapshot("This state of a watch has too many buckets.", hint="Begin a new one.")
        made._sums, made._totals = arrays["sums"].copy(), arrays["totals"].copy()
        made._deviations, made._counts = arrays["deviations"].copy(), arrays["counts"].copy()
        return made
