"""Weigh columns of unlike units: a factor for each, by which rows are divided before they are compared."""

from __future__ import annotations

from typing import Literal

import numpy as np

from shoal.clustering.kernels.packing import Doubles

Scaling = Literal["none", "std", "robust"]
SCALINGS = ("none", "std", "robust")
# A quarter of a normal distribution lies beyond .6745 deviations on either side.
QUARTILES_OF_NORMAL = 1.3489795003921634
SAMPLE = 4096


def spread_of(kind: str, rows: Doubles, weights: Doubles) -> Doubles:
    """Return the spread (d,) of each column of rows (n, d), 1 for one without; empty for kind `none`.

    `std` is the standard deviation; `robust` the distance between the quartiles of up to 4096 evenly spaced
    rows, made comparable with it (weights are left aside), or the deviation where the quartiles coincide.
    """
    if kind == "none":
        return np.empty(0)
    masses = weights if weights.size else None
    mean = np.average(rows, axis=0, weights=masses)
    spread: Doubles = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=masses))
    if kind == "robust":
        low, high = np.quantile(rows[:: -(-len(rows) // SAMPLE)], (0.25, 0.75), axis=0)
        spread = np.where(high > low, (high - low) / QUARTILES_OF_NORMAL, spread)
    return np.where(spread > 0, spread, 1.0)
