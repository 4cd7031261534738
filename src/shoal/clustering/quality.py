"""Say how well a clustering tells the rows of a window apart.

Labels below 0 are noise and left out. A figure that cannot be had is left out too: the silhouette (Rousseeuw
1987) and the Davies-Bouldin index (1979) need two clusters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.spaces.elements import chosen
from shoal.clustering.spaces.euclid import EUCLID
from shoal.clustering.spaces.space import Doubles, Elements, Space

Labels = NDArray[np.int32]

SAMPLE = 1000


def quality(
    rows: Elements, labels: Labels, centres: Elements, *, space: Space = EUCLID, sample: int = SAMPLE
) -> dict[str, float]:
    """Return `inertia`, `silhouette` and `davies_bouldin` of the rows (n) of a window, as far as they exist.

    `inertia` is the sum of squared distances of rows to the centres (k) of their labels, in the squared unit
    of the rows; `silhouette` the mean over the rows at `sample_places`, as if there were no others. The
    Davies-Bouldin index is about the means of the rows, as scikit-learn's, in spaces of vectors without a
    curve (euclid, complex); in others about the centres.
    """
    kept = np.flatnonzero(labels >= 0)
    if not kept.size:
        return {}
    rows, labels = chosen(rows, kept), labels[kept]
    gaps = _own_distances(space, rows, labels, centres)
    found = {"inertia": float(gaps @ gaps)}
    places = sample_places(kept.size, sample)
    some = np.unique(labels[places]).size
    if 1 < some < places.size:
        found["silhouette"] = _silhouette(space, chosen(rows, places), labels[places])
    if np.unique(labels).size > 1:
        found["davies_bouldin"] = _davies_bouldin(space, rows, labels, centres)
    return found


def sample_places(n: int, size: int = SAMPLE) -> NDArray[np.int64]:
    """Return which of n rows the silhouette is taken over, in order: the same ones for the same n."""
    if n <= size:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, size, replace=False))


def _own_distances(space: Space, rows: Elements, labels: Labels, centres: Elements) -> Doubles:
    """Return the distance (n,) of each row to the centre of its label."""
    gaps = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        gaps[members] = space.distances(chosen(rows, members), centres[label : label + 1])[:, 0]
    return gaps


def _silhouette(space: Space, rows: Elements, labels: Labels) -> float:
    _, numbers, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    sums = space.distances(rows, rows) @ np.eye(sizes.size)[numbers]
    each = np.arange(len(numbers))
    inside = sums[each, numbers] / np.maximum(sizes[numbers] - 1, 1)
    means = sums / sizes
    means[each, numbers] = np.inf
    outside = means.min(axis=1)
    widest = np.maximum(inside, outside)
    widths = np.where(
        (sizes[numbers] > 1) & (widest > 0), (outside - inside) / np.maximum(widest, 1e-300), 0.0
    )
    return float(widths.mean())


def _davies_bouldin(space: Space, rows: Elements, labels: Labels, centres: Elements) -> float:
    present, numbers = np.unique(labels, return_inverse=True)
    sizes = np.bincount(numbers)
    if isinstance(rows, np.ndarray) and space.is_flat:
        middles: Elements = np.stack([rows[numbers == j].mean(axis=0) for j in range(present.size)])
    else:
        middles = chosen(centres, present)
    gaps = _own_distances(space, rows, numbers.astype(np.int32), middles)
    spreads = np.bincount(numbers, gaps) / sizes
    between = space.distances(middles, middles)
    if np.allclose(spreads, 0) or np.allclose(between, 0):
        return 0.0
    between[between == 0] = np.inf
    return float(((spreads[:, None] + spreads) / between).max(axis=1).mean())
