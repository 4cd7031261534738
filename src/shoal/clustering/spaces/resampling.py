"""Change the number of a series' steps, by linear interpolation."""

from __future__ import annotations

import numpy as np

from shoal.clustering.kernels.packing import Floats
from shoal.clustering.spaces.space import Doubles

# Positions are quotients: one that ought to be whole may come out a little below.
SLACK = 1e-9


def resized(series: Doubles, steps: int) -> Doubles:
    """Return a series (n, d) with so many steps, from its first to its last."""
    if len(series) == steps:
        return series
    if steps == 1:
        return series[:1].copy()
    wanted = np.arange(steps) * ((len(series) - 1) / (steps - 1))
    return _at(wanted, np.arange(len(series), dtype=np.float64), series)


def resampled(places: Floats, values: Doubles, gap: float) -> Doubles:
    """Return the values (m, d) that lie at ascending places (m,) as they are at 0, gap, 2 gap and so on."""
    count = int(np.floor(places[-1] / gap + SLACK)) + 1
    return _at(gap * np.arange(count), places, values)


def _at(wanted: Floats, places: Floats, values: Doubles) -> Doubles:
    columns = [np.interp(wanted, places, column) for column in values.T]
    return np.ascontiguousarray(np.stack(columns, axis=1))
