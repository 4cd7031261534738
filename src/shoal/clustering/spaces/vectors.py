"""Take vectors in, and mix them: what the spaces of vectors have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from shoal.clustering.limits import InvalidData
from shoal.clustering.lloyd.iterating import nearest_centres
from shoal.clustering.spaces.space import Doubles, Element

# From how many distances on the register tile saves more than packing rows for it costs.
MANY_DISTANCES = 1 << 14


def checked_vectors(rows: Any) -> Doubles:
    """Return finite rows (n, d), d >= 1, as C-contiguous float64; else raise `InvalidData`."""
    try:
        table = np.ascontiguousarray(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidData(f"The rows are not a table of numbers: {error}.") from error
    if table.ndim != 2 or table.shape[1] == 0:
        raise InvalidData(f"The rows have the shape {table.shape}.", hint="Give a table (rows, columns).")
    unusable = np.flatnonzero(~np.isfinite(table).all(axis=1))
    if unusable.size:
        row = int(unusable[0])
        raise InvalidData(f"Row {row} has a value that is not a finite number.", row=row)
    return table


def weighted_mean(a: Element, a_weight: float, b: Element, b_weight: float) -> Element:
    """Return (w a + v b) / (w + v)."""
    mean: Element = (a_weight * a + b_weight * b) / (a_weight + b_weight)
    return mean


def nearest_vectors(rows: Doubles, centres: Doubles) -> tuple[NDArray[np.int32], Doubles]:
    """Return the nearest centre (n,) of each row, the lowest of equals, and its Euclidean distance."""
    if len(rows) * len(centres) < MANY_DISTANCES:
        gaps = cdist(rows, centres)
        labels = gaps.argmin(axis=1).astype(np.int32)
        return labels, gaps[np.arange(len(rows)), labels]
    labels = nearest_centres(rows, centres)[0]
    gaps = rows - centres[labels]
    return labels, np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
