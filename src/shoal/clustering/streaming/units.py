"""Weigh columns of unlike units by what micro-clusters tell of them, whatever chunks the rows came in."""

from __future__ import annotations

import numpy as np

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.online.scaling import QUARTILES_OF_NORMAL
from shoal.clustering.streaming.micros import Cells

# Dividing by another unit makes inertia inexact, so it is worth only a change to half or double.
STALE = 2.0


def spread_of_cells(kind: str, cells: Cells) -> Doubles:
    """Return the spread (d,) of each column of the means, by mass; 1 for a column without, or kind `none`."""
    columns = cells.means.shape[1]
    if kind == "none":
        return np.ones(columns)
    middle = np.average(cells.means, axis=0, weights=cells.mass)
    spread: Doubles = np.sqrt(np.average((cells.means - middle) ** 2, axis=0, weights=cells.mass))
    if kind == "robust":
        low, high = np.quantile(
            cells.means,
            (0.25, 0.75),
            axis=0,
            weights=np.repeat(cells.mass[:, None], columns, axis=1),
            method="inverted_cdf",
        )
        spread = np.where(high > low, (high - low) / QUARTILES_OF_NORMAL, spread)
    return np.where(spread > 0, spread, 1.0)


def has_changed(unit: Doubles, spread: Doubles) -> bool:
    """Say whether some column's spread is no longer what its unit is."""
    ratio = spread / unit
    return bool((ratio > STALE).any() or (ratio < 1 / STALE).any())
