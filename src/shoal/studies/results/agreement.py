"""How alike two groupings of the same rows are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[Any]


def cross_table(left: Labels, right: Labels) -> tuple[list[Any], list[Any], NDArray[np.int64]]:
    """Return the values of two columns of labels (n,), and how many rows have each pair of them."""
    rows, row_of = np.unique(left, return_inverse=True)
    columns, column_of = np.unique(right, return_inverse=True)
    flat = np.bincount(row_of * len(columns) + column_of, minlength=len(rows) * len(columns))
    return rows.tolist(), columns.tolist(), flat.reshape(len(rows), len(columns))


def adjusted_rand(left: Labels, right: Labels) -> float:
    """Return the adjusted Rand index: 1 for equal groupings, about 0 by chance (Hubert and Arabie 1985)."""
    return adjusted_rand_of(cross_table(left, right)[2])


def adjusted_rand_of(table: NDArray[np.int64]) -> float:
    """Return the adjusted Rand index of two groupings by the rows (a, b) of each pair of their groups."""
    counts, rows = table.astype(np.float64), float(table.sum())
    pairs = rows * (rows - 1) / 2
    both = _pairs(counts).sum()
    down, across = _pairs(counts.sum(axis=1)).sum(), _pairs(counts.sum(axis=0)).sum()
    expected = down * across / pairs if pairs else 0.0
    most = (down + across) / 2
    return float((both - expected) / (most - expected)) if most != expected else 1.0


def _pairs(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return counts * (counts - 1) / 2
