"""What columns of numbers look like, whole and by group: the same numbers as pandas' `describe`."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shoal.samples.columns import column, number_columns, values_of

QUARTILES = {"25%": 0.25, "50%": 0.5, "75%": 0.75}


def summary(table: pa.Table, columns: list[str] | None = None) -> dict[str, dict[str, float]]:
    """Describe each column of numbers: how many values, their mean and spread, extremes and quartiles.

    Missing values are not counted.

    Args:
        table: The rows: a file, a dataset, an object, or columns given as they are.
        columns: Which columns to describe. Left out: all that hold numbers.

    Returns:
        For each column: count, mean, std (divided by n - 1), min, 25%, 50%, 75% and max.
    """
    names = number_columns(table, columns)
    return {name: _description(values_of(table, name)) for name in names}


def describe_by_group(
    table: pa.Table, by: Annotated[str, "column"], columns: list[str] | None = None
) -> pa.Table:
    """Describe each column of numbers within each group of rows.

    A group is the rows that have the same value in one column; rows without one are left out.

    Args:
        table: The rows: a file, a dataset, an object, or columns given as they are.
        by: The column whose values are the groups.
        columns: Which columns to describe. Left out: all that hold numbers, but for the one that groups.

    Returns:
        A table with a row for each group and column, groups in ascending order.
    """
    groups = column(table, by)
    names = number_columns(table, columns) if columns else [n for n in number_columns(table) if n != by]
    rows = [
        {by: group.as_py(), "column": name} | _description(values_of(part, name))
        for group in pc.unique(groups).drop_null().sort()
        for part in [table.filter(pc.equal(groups, group))]
        for name in names
    ]
    return pa.Table.from_pylist(rows)


def _description(values: NDArray[np.float64]) -> dict[str, float]:
    n = len(values)
    if n == 0:
        return {"count": 0.0} | dict.fromkeys(("mean", "std", "min", *QUARTILES, "max"), float("nan"))
    spread: Any = values.std(ddof=1) if n > 1 else float("nan")
    quartiles = np.quantile(values, list(QUARTILES.values()))
    ends = {"count": float(n), "mean": float(values.mean()), "std": float(spread), "min": float(values.min())}
    return ends | dict(zip(QUARTILES, quartiles.tolist(), strict=True)) | {"max": float(values.max())}
