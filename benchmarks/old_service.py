"""The older service's fit in plain numpy: k-means with Mahalanobis distances, as its description has it.

It is the peer of `experiment_command`: the same loops and the same calls to numpy a pass, nothing tuned.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
MAX_ITER, TOLERANCE = 300, 1e-4


def fit(rows: Rows, k: int, shape: str, tied: bool, n_init: int, seed: int) -> float:
    """Return the least sum of Mahalanobis distances that `n_init` restarts come to."""
    random = np.random.RandomState(seed)
    return min(_restart(rows, k, shape, tied, random) for _ in range(n_init))


def _restart(rows: Rows, k: int, shape: str, tied: bool, random: np.random.RandomState) -> float:
    from sklearn.cluster import kmeans_plusplus

    centres, _ = kmeans_plusplus(rows, k, random_state=random)
    labels = _distances(rows, centres, np.stack([np.eye(rows.shape[1])] * k)).argmin(axis=1)
    centres = _means(rows, labels, centres)
    for _ in range(MAX_ITER):
        distances = _distances(rows, centres, _inverses(rows, labels, k, shape, tied))
        labels = _repaired(distances.argmin(axis=1), distances, k)
        moved = _means(rows, labels, centres)
        shift, centres = ((moved - centres) ** 2).sum(), moved
        if shift <= TOLERANCE:
            break
    return float(_distances(rows, centres, _inverses(rows, labels, k, shape, tied)).min(axis=1).sum())


def _distances(rows: Rows, centres: Rows, inverses: Rows) -> Rows:
    columns = [
        np.sqrt(np.einsum("ij,jk,ik->i", rows - centre, inverse, rows - centre))
        for centre, inverse in zip(centres, inverses, strict=True)
    ]
    return np.column_stack(columns)


def _means(rows: Rows, labels: NDArray[Any], before: Rows) -> Rows:
    groups = [rows[labels == cluster] for cluster in range(len(before))]
    return np.array(
        [group.mean(axis=0) if len(group) else old for group, old in zip(groups, before, strict=True)]
    )


def _inverses(rows: Rows, labels: NDArray[Any], k: int, shape: str, tied: bool) -> Rows:
    spreads = np.array([_spread(rows[labels == cluster], shape) for cluster in range(k)])
    if tied:
        spreads = np.broadcast_to(spreads.mean(axis=0), spreads.shape)
    return np.array([np.linalg.inv(one) if np.linalg.det(one) > 0 else np.eye(len(one)) for one in spreads])


def _spread(group: Rows, shape: str) -> Rows:
    columns = group.shape[1]
    if len(group) <= columns:
        return np.eye(columns)
    full = np.atleast_2d(np.cov(group.T, bias=True))
    if shape == "full":
        return full
    variances = full.diagonal()
    return np.diag(variances if shape == "diag" else np.full(columns, variances.mean()))


def _repaired(labels: NDArray[Any], distances: Rows, k: int) -> NDArray[Any]:
    sizes = np.bincount(labels, minlength=k)
    far = np.argsort(-distances.min(axis=1))
    for empty in np.flatnonzero(sizes == 0):
        row = next(row for row in far if sizes[labels[row]] > 1)
        sizes[labels[row]] -= 1
        labels[row], sizes[empty] = empty, 1
    return labels
