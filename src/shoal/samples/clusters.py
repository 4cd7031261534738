"""Which rows belong together."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from shoal.samples.columns import number_columns
from shoal.storage.matrix import matrix


def cluster(
    table: pa.Table,
    k: Annotated[int, Field(ge=1, le=100)] | None = None,
    columns: list[str] | None = None,
    max_k: Annotated[int, Field(ge=1, le=50)] = 8,
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0,
) -> dict[str, Any]:
    """Find groups of rows that lie together, and how many groups there are.

    The columns are brought to one scale first. Rows with a missing value belong to no group.

    Args:
        table: The rows: a file, a dataset, an object, or columns given as they are.
        k: How many groups. Left out: as many as the data say, by the Bayesian information criterion.
        columns: Which columns to group by. Left out: all that hold numbers.
        max_k: The most groups that are tried when k is left out.
        seed: Where the random numbers start; the same seed finds the same groups.

    Returns:
        `k`; `sizes` and `centers` of the groups, the largest first, in the columns' own units; `labels`, the
        group of each row from 1, nothing for rows left out; `verdict`, the answer in one sentence.
    """
    names = number_columns(table, columns)
    rows = matrix(table, names)
    shift, scale = rows.values.mean(axis=0), rows.values.std(axis=0)
    scale[scale == 0] = 1.0
    model = _fitted((rows.values - shift) / scale, k, max_k, seed)
    labels = np.asarray(model.labels_) + 1
    sizes = np.bincount(labels, minlength=len(model.cluster_centers_) + 1)[1:].tolist()
    centers = model.cluster_centers_ * scale + shift
    return {
        "k": len(sizes),
        "verdict": _verdict(sizes),
        "sizes": sizes,
        "centers": {name: centers[:, place].tolist() for place, name in enumerate(names)},
        "labels": rows.spread(labels).to_pylist(),
    }


def _fitted(rows: NDArray[np.float64], k: int | None, max_k: int, seed: int) -> Any:
    from shoal.clustering import GaussianKMeans, GaussianKMeansSelector

    if k is None:
        return GaussianKMeansSelector(max_k, n_init=5, random_state=seed).fit(rows)
    return GaussianKMeans(k, n_init=5, random_state=seed).fit(rows)


def _verdict(sizes: list[int]) -> str:
    from shoal.clustering.selection import count_sentence

    return count_sentence(sizes)
