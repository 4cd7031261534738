"""Give a place to clusters that lost all their rows."""

from __future__ import annotations

import numpy as np

from shoal.clustering.kernels.packing import Doubles, PackedRows
from shoal.clustering.lloyd.passes import squared_distances
from shoal.clustering.lloyd.state import State


def relocate_empty(state: State) -> None:
    """Move each empty cluster onto one of the rows that are farthest from their centres.

    The row's weight is taken from its cluster, for this step only: the sums by chunk still belong to the
    labels. Farther rows go to lower clusters, of equally far rows the first; rows without weight stay.
    When no row is off its centre, there are fewer distinct rows than clusters, and empty clusters stay too.
    (What scikit-learn does, with the order made definite.)
    """
    packed, weights = state.data.packed, state.data.weights
    distances = np.empty(packed.count)
    squared_distances(packed.rows, state.labels, state.given_centres, distances)
    if weights.size:
        distances[weights == 0] = 0.0
    empty = np.flatnonzero(state.sums.mass == 0)
    far = np.argsort(-distances, kind="stable")[: empty.size]
    noise = _rounding(packed, state.centres)
    for cluster, row in zip(empty, far, strict=False):
        if distances[row] > noise:
            _hand_over(state, int(row), int(cluster))


def _rounding(packed: PackedRows, centres: Doubles) -> float:
    """Return the squared distance below which a row lies on its centre."""
    eps = float(np.finfo(packed.dtype).eps)
    return 16 * eps * eps * float(np.square(centres).sum(axis=1).max())


def _hand_over(state: State, row: int, cluster: int) -> None:
    packed, weights = state.data.packed, state.data.weights
    weight = float(weights[row]) if weights.size else 1.0
    moved = weight * (packed.rows[row].astype(np.float64) - packed.offset)
    old = int(state.labels[0, row])
    state.sums.total[old] -= moved
    state.sums.mass[old] -= weight
    state.sums.total[cluster] = moved
    state.sums.mass[cluster] = weight
