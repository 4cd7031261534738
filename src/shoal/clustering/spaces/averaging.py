"""Average many series into one that keeps its length (Petitjean et al. 2011, one round of DBA)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shoal.clustering.spaces.resampling import resized
from shoal.clustering.spaces.series import Series
from shoal.clustering.spaces.space import Doubles
from shoal.clustering.spaces.warping import warping_path


def aligned(space: Series, centre: Doubles, series: Doubles) -> Doubles:
    """Return a series as steps of a centre: each the mean of the steps that are paired with it."""
    if space.window and abs(len(series) - len(centre)) > space.window:
        series = resized(series, len(centre))
    one, other = space.seen([centre, series])
    path = warping_path(one, other, space.window, space.inner)
    counts = np.bincount(path[:, 0], minlength=len(centre))
    columns = [np.bincount(path[:, 0], values[path[:, 1]], len(centre)) for values in series.T]
    return np.ascontiguousarray(np.stack(columns, axis=1) / counts[:, None])


def averaged(space: Series, centre: Doubles, members: Sequence[Doubles], weights: Doubles) -> Doubles:
    """Return the weighted mean of members, aligned with the centre that they are nearest to."""
    total = np.zeros_like(centre)
    for series, weight in zip(members, weights, strict=True):
        total += weight * aligned(space, centre, series)
    return np.asarray(total / weights.sum())


def pulled(space: Series, centre: Doubles, mass: float, series: Doubles, weight: float) -> Doubles:
    """Return a centre of some mass after one more series of some weight."""
    return np.asarray(centre + weight / (mass + weight) * (aligned(space, centre, series) - centre))
