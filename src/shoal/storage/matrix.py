"""From a table's columns to the matrix that clustering takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow.types as kinds
from numpy.typing import NDArray

from shoal.base.errors import InvalidInput
from shoal.storage.arrow_values import floats, numbers

Missing = Literal["drop", "impute"]
# The square of a distance between larger values is no float64 any more.
LARGEST = 1e150


@dataclass(frozen=True, slots=True)
class Matrix:
    """Hold rows of numbers.

    Args:
        values: float64, rows x columns, C order, all finite.
        rows: for each of its rows, the row of the table (int64, from 0, ascending).
        dropped: rows of the table that were left out.
        filled: rows in which a missing value was filled.
    """

    values: NDArray[np.float64]
    rows: NDArray[np.int64]
    dropped: int = 0
    filled: int = 0

    def spread(self, labels: NDArray[Any]) -> Any:
        """Return labels of the matrix's rows as an Arrow array over the table's rows, null where left out."""
        everywhere = np.zeros(len(self.rows) + self.dropped, labels.dtype)
        left_out = np.ones(len(everywhere), bool)
        everywhere[self.rows], left_out[self.rows] = labels, False
        return numbers(everywhere, left_out)


def matrix(table: Any, columns: Sequence[str], missing: Missing = "drop") -> Matrix:
    """Return the chosen columns as a matrix.

    Rows with a missing value are left out (`drop`) or filled with the column's median (`impute`).

    Raises:
        InvalidInput: a column is not there or holds no numbers, no row is left, a column to fill is empty,
            or a value is beyond 1e150.
    """
    if not columns:
        raise InvalidInput("Choose at least one column.")
    values = np.empty((table.num_rows, len(columns)))
    for place, name in enumerate(columns):
        values[:, place] = _numbers(table, name)
    gaps = np.isnan(values)
    if np.nanmax(np.abs(values), initial=0.0) > LARGEST:
        row, place = np.argwhere(np.abs(values) > LARGEST)[0]
        raise too_far(columns[place], values[row, place])
    if missing == "impute":
        return _filled(values, gaps, columns)
    return _dropped(values, gaps)


def filling(table: Any, columns: Sequence[str]) -> list[float]:
    """Return what fills a gap in each column: the median of its values; raises what `matrix` raises."""
    return [
        _median(values[np.isfinite(values)], name) for name in columns for values in [_numbers(table, name)]
    ]


def _median(values: NDArray[np.float64], column: str) -> float:
    if not len(values):
        raise InvalidInput(
            f"Column {column} is empty, so it has no median.", hint="Leave it out.", column=column
        )
    return float(np.median(values))


def _numbers(table: Any, name: str) -> NDArray[np.float64]:
    if name not in table.column_names:
        raise InvalidInput(f"There is no column {name}.", hint=f"There are: {', '.join(table.column_names)}.")
    column = table.column(name)
    if not (kinds.is_integer(column.type) or kinds.is_floating(column.type) or kinds.is_null(column.type)):
        raise InvalidInput(f"Column {name} holds no numbers.", hint="Choose number columns.", column=name)
    out = floats(column)
    out[~np.isfinite(out)] = np.nan
    return out


def _dropped(values: NDArray[np.float64], gaps: NDArray[np.bool_]) -> Matrix:
    rows = np.flatnonzero(~gaps.any(axis=1))
    if not len(rows):
        raise InvalidInput(
            "Every row has a missing value in the columns to group by.",
            hint="Choose fewer columns, or fill the gaps with the median.",
        )
    dropped = len(values) - len(rows)
    return Matrix(values[rows] if dropped else values, rows, dropped=dropped)


def _filled(values: NDArray[np.float64], gaps: NDArray[np.bool_], columns: Sequence[str]) -> Matrix:
    for place, name in enumerate(columns):
        empty = gaps[:, place]
        if empty.any():
            values[empty, place] = _median(values[~empty, place], name)
    return Matrix(values, np.arange(len(values)), filled=int(gaps.any(axis=1).sum()))


def too_far(column: str, value: float) -> InvalidInput:
    """Return the error for a value beyond `LARGEST`."""
    return InvalidInput(
        f"Column {column}: {value:g} is too large to measure distances.",
        hint="Leave the column out, or give it in a larger unit.",
        column=column,
    )
