"""Which rows are drawn: all of few, and of many a sample in which no cluster is lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.studies.wording import counted

Indices = NDArray[np.int64]
MOST = 5000  # rows drawn as marks in a figure
PANEL = 1000  # of them, those in each panel of a grid
LEAST = 30  # of each cluster, where it has so many
STREAM = 5  # of the study's seed


def drawn_rows(labels: NDArray[np.integer], clusters: int, seed: int) -> Indices:
    """Return the places of at most 5,000 rows to draw, the first 1,000 of them a fair sample themselves.

    Rows come by each cluster's share, at least 30 of each, in an order that hides no cluster behind another.
    `labels` (n,) count from 0.
    """
    rng = np.random.default_rng([seed, STREAM])
    shuffled = rng.permutation(len(labels))
    chosen = _by_share(shuffled, labels, clusters, MOST)
    first = _by_share(chosen, labels, clusters, PANEL)
    return np.concatenate([first, chosen[~np.isin(chosen, first)]])


def _by_share(order: Indices, labels: NDArray[np.integer], clusters: int, most: int) -> Indices:
    """Return so many rows of an order at most, by each cluster's share but with none under the least."""
    if len(order) <= most:
        return order
    sizes = np.bincount(labels[order], minlength=clusters)
    quota = _quotas(sizes, most)
    kept = np.zeros(len(order), bool)
    for cluster, number in enumerate(quota):
        kept[np.flatnonzero(labels[order] == cluster)[:number]] = True
    return order[kept]


def _quotas(sizes: NDArray[np.integer], most: int) -> NDArray[np.int64]:
    least = np.minimum(sizes, min(LEAST, most // max(1, len(sizes))))
    free = most - least.sum()
    shares = free * (sizes - least) / max(1, (sizes - least).sum())
    quotas: NDArray[np.int64] = least + np.floor(shares).astype(np.int64)
    nearest = np.argsort(np.floor(shares) - shares, kind="stable")
    quotas[nearest[: most - quotas.sum()]] += 1
    return quotas


def rows_note(drawn: int, rows: int) -> str:
    """Return `1,000 of 3,000 rows drawn.`, or nothing when all are."""
    return f"{drawn:,} of {counted(rows, 'row')} drawn." if drawn < rows else ""
