"""Move centres by every row that comes (MacQueen 1967), with weights and with forgetting.

A centre is the mean of its rows. With a half-life of h rows each row counts 2^(-a/h) when a rows came after
it. Masses are kept in units that grow by 2^(1/h) a row instead of being lowered at each row; when the unit
has become large, all are divided by the same power of two, which costs no digit.

Rows are assigned `GROUP` at a time, so a row may be compared with centres that lack up to three rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.online.lanes import GROUP, nearest_of_group, pull

LARGE, SMALL = 2.0**60, 2.0**-60
MOST_DOUBLINGS = 900.0
HALVING = float(np.log(2.0))


@kernel
def _settle_unit(masses: Doubles, unit: float) -> float:
    while unit > LARGE:
        for c in range(masses.shape[0]):
            masses[c] *= SMALL
        unit *= SMALL
    return unit


@kernel
def learn(
    rows: Doubles, weights: Doubles, first: int, end: int, table: Doubles, masses: Doubles, unit: float,
    doublings: float,
) -> float:  # fmt: skip
    """Let rows `first` up to `end` move the centres of a table; return the new unit of `masses` (k,).

    `rows` (n, d); `weights` (n,), or empty for 1 each; a row of weight w counts as w rows. `doublings` is
    one by the half-life, 1 at the most, 0 for none.
    """
    growth = 2.0**doublings
    nearest = np.empty(GROUP, np.int64)
    for group in range(first, end, GROUP):
        nearest_of_group(rows, table, group, end - 1, nearest)
        for row in range(group, min(group + GROUP, end)):
            mass = 1.0
            if weights.shape[0] == 0:
                unit *= growth
            else:
                weight = weights[row]
                if doublings > 0.0:  # What `weight` rows would have left of themselves.
                    mass = np.expm1(-HALVING * doublings * weight) / np.expm1(-HALVING * doublings)
                    unit *= 2.0 ** min(doublings * weight, MOST_DOUBLINGS)
                else:
                    mass = weight
            mass *= unit
            centre = nearest[row - group]
            total = masses[centre] + mass
            masses[centre] = total
            if mass > 0.0:
                pull(rows, table, row, centre, mass / total)
            if unit > LARGE:
                unit = _settle_unit(masses, unit)
    return unit


@kernel
def label(rows: Doubles, table: Doubles, labels: NDArray[np.int64]) -> None:
    """Write the number (n,) int64 of the nearest centre of each row (n, d)."""
    n = rows.shape[0]
    nearest = np.empty(GROUP, np.int64)
    for group in range(0, n, GROUP):
        nearest_of_group(rows, table, group, n - 1, nearest)
        for row in range(group, min(group + GROUP, n)):
            labels[row] = nearest[row - group]
