"""How compact and how separate clusters are, by three usual measures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.studies.summary import Quality, Silhouette

Doubles = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]
MOST_ROWS = 3000  # whose distances to one another are all measured
STREAM = 3  # of the study's seed
BLOCK = 256
CHUNK = 65_536


def quality(rows: Doubles, labels: Labels, clusters: int, seed: int) -> Quality | None:
    """Measure a clustering of rows (n, d) in the space that was clustered; labels (n,) count from 0.

    One cluster, or a cluster for every row, has no quality: None.
    """
    if not 2 <= clusters < len(rows):
        return None
    sizes, means, spreads, within = _compactness(rows, labels, clusters)
    return Quality(
        silhouette=_silhouette(rows, labels, clusters, seed),
        calinski_harabasz=_calinski_harabasz(sizes, means, within),
        davies_bouldin=_davies_bouldin(means, spreads),
    )


def sampled(rows: int, seed: int) -> NDArray[np.int64]:
    """Return the rows whose silhouette is measured: all, or 3,000 drawn without replacement."""
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, STREAM]).choice(rows, MOST_ROWS, replace=False))


def silhouettes(rows: Doubles, labels: Labels, clusters: int) -> Doubles:
    """Return each row's silhouette width (n,); a row alone in its cluster has 0 (Rousseeuw 1987)."""
    sizes = np.bincount(labels, minlength=clusters)
    members = np.zeros((len(rows), clusters))
    members[np.arange(len(rows)), labels] = 1.0
    centred = rows - rows.mean(axis=0)
    squares = (centred**2).sum(axis=1)
    sums = np.zeros((len(rows), clusters))
    for first in range(0, len(rows), BLOCK):
        part, rest = slice(first, first + BLOCK), slice(first, None)
        distances = _distances(centred[part], squares[part], centred[rest], squares[rest])
        sums[part] += distances @ members[rest]
        # Each pair is measured once: what follows the square on the diagonal counts for the other row too.
        sums[first + BLOCK :] += distances[:, BLOCK:].T @ members[part]
    return _widths(sums, labels, sizes)


def _distances(left: Doubles, left_squares: Doubles, right: Doubles, right_squares: Doubles) -> Doubles:
    """Return the distances of rows to others, which begin with the rows themselves: there they are 0."""
    distances = left @ right.T
    distances *= -2.0
    distances += left_squares[:, None]
    distances += right_squares
    np.maximum(distances, 0.0, out=distances)
    here = np.arange(len(left))
    distances[here, here] = 0.0
    return np.sqrt(distances, out=distances)


def _widths(sums: Doubles, labels: Labels, sizes: NDArray[np.integer[Any]]) -> Doubles:
    """Return (b - a) / max(a, b) from the sums of distances to each cluster (rows, clusters)."""
    here = np.arange(len(sums))
    own = sizes[labels]
    inside = sums[here, labels] / np.maximum(own - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(sizes > 0, sums / sizes, np.inf)
    means[here, labels] = np.inf
    outside = means.min(axis=1)
    largest = np.maximum(inside, outside)
    there = (own > 1) & np.isfinite(outside) & (largest > 0)
    return np.where(there, (outside - inside) / np.where(there, largest, 1.0), 0.0)


def _silhouette(rows: Doubles, labels: Labels, clusters: int, seed: int) -> Silhouette:
    chosen = sampled(len(rows), seed)
    groups = labels[chosen]
    widths = silhouettes(np.ascontiguousarray(rows[chosen]), groups, clusters)
    each = [float(widths[groups == one].mean()) if (groups == one).any() else None for one in range(clusters)]
    return Silhouette(mean=float(widths.mean()), clusters=each, rows=len(chosen))


def _compactness(rows: Doubles, labels: Labels, clusters: int) -> tuple[Doubles, Doubles, Doubles, float]:
    """Return sizes (k,), means (k, d), mean distances to them (k,), and the sum of their squares."""
    sizes = np.bincount(labels, minlength=clusters).astype(np.float64)
    means = np.zeros((clusters, rows.shape[1]))
    for cluster in range(clusters):
        means[cluster] = rows[labels == cluster].mean(axis=0)
    spreads, within = np.zeros(clusters), 0.0
    for first in range(0, len(rows), CHUNK):
        part = slice(first, first + CHUNK)
        squares = ((rows[part] - means[labels[part]]) ** 2).sum(axis=1)
        within += float(squares.sum())
        spreads += np.bincount(labels[part], np.sqrt(squares), minlength=clusters)
    return sizes, means, spreads / sizes, within


def _calinski_harabasz(sizes: Doubles, means: Doubles, within: float) -> float:
    total, clusters = float(sizes.sum()), len(sizes)
    middle = (sizes[:, None] * means).sum(axis=0) / total
    between = float((sizes * ((means - middle) ** 2).sum(axis=1)).sum())
    return between / within * (total - clusters) / (clusters - 1) if within > 0 else 1.0


def _davies_bouldin(means: Doubles, spreads: Doubles) -> float:
    apart = np.sqrt(((means[:, None] - means[None]) ** 2).sum(axis=2))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(apart > 0, (spreads[:, None] + spreads) / apart, 0.0)
    return float(ratios.max(axis=1).mean())
