"""Rows as they come from outside, brought to arrays and looked at before anything is kept.

No number is looked at on its own while nothing is wrong; what is wrong is named by its row: the first is row
1 in words, and 0 in an error's `row`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from shoal.base.errors import InvalidInput
from shoal.live.log.record import Rows

_Array = NDArray[np.float64]
MOST_DIM = 10_000
LARGEST = 1e150
NOTHING_TAKEN = "None of these rows was taken."


def from_json(elements: Any, dim: int | None, space: str = "euclid") -> Rows:
    """Return the rows that JSON values (or an array) stand for, checked.

    A row is a list of numbers; in `series` it is a list of vectors. A flat list of `dim` numbers is one row
    when dim > 1, one row for each number when dim is 1, and one row while dim is not known.

    Args:
        elements: what was sent.
        dim: how many numbers a row (in `series`: a vector) has, if that is known.
        space: in which rows are compared.

    Raises:
        InvalidInput: these are no such rows; the message names the first that is wrong, and dim.
    """
    if not isinstance(elements, list | tuple | np.ndarray):
        raise InvalidInput("Rows are a list.", hint=NOTHING_TAKEN)
    if len(elements) == 0:
        raise InvalidInput("There are no rows.", hint="Send at least one.")
    if space == "series":
        rows: Rows = _series(elements)
    else:
        rows = _shaped(_numbers(elements), dim)
    return checked(rows, dim, space)


def checked(rows: Rows, dim: int | None = None, space: str = "euclid") -> Rows:
    """Return rows that can be kept: all finite, all of one width, none zero where angles count.

    Raises:
        InvalidInput: they cannot; the message names the first that is wrong.
    """
    if isinstance(rows, np.ndarray) == (space == "series"):
        raise InvalidInput(f"Rows in the space {space} are {_FORM[space == 'series']}.", hint=NOTHING_TAKEN)
    if len(rows) == 0:
        raise InvalidInput("There are no rows.", hint="Send at least one.")
    if isinstance(rows, np.ndarray):
        _check_array(rows, dim, space)
    else:
        _check_series(rows, dim)
    return rows


_FORM = ("vectors: an array of two dimensions", "lists of vectors")


def _numbers(elements: Any, row: int | None = None) -> _Array:
    """Return nested lists as an array of floats; names the row that cannot be one."""
    try:
        array = np.asarray(elements)
    except ValueError:
        _blame(elements, row)
    if array.dtype.kind not in "iuf":
        _blame(elements, row)
    return np.asarray(array, np.float64)


def _shaped(array: _Array, dim: int | None) -> _Array:
    if array.ndim == 2:
        return array
    if array.ndim != 1:
        raise InvalidInput("A row is a list of numbers; these are nested deeper.", hint=NOTHING_TAKEN)
    if dim == 1:
        return array.reshape(-1, 1)
    if dim is None or len(array) == dim:
        return array.reshape(1, -1)
    raise InvalidInput(
        f"A flat list is one row and has {dim} numbers here; this one has {len(array)}.",
        hint=f"Send a list of lists of {dim} numbers. {NOTHING_TAKEN}",
        dim=dim,
    )


def _series(elements: Any) -> list[_Array]:
    rows = [_numbers(each, row) for row, each in enumerate(elements)]
    for row, each in enumerate(rows):
        if each.ndim != 2 or 0 in each.shape:
            _refuse(row, "is no list of vectors, as a series is")
    return rows


def _check_array(rows: _Array, dim: int | None, space: str) -> None:
    if rows.ndim != 2 or not 0 < rows.shape[1] <= MOST_DIM:
        raise InvalidInput(f"A row has 1 to {MOST_DIM:,} numbers.", hint=NOTHING_TAKEN)
    if dim is not None and rows.shape[1] != dim:
        _refuse(0, f"has {rows.shape[1]} numbers; the task's rows have {dim}", dim=dim)
    if not _is_fine(rows):
        row = int(np.argmin((np.abs(rows) <= LARGEST).all(axis=1)))
        _refuse_number(row, rows[row])
    if space == "complex" and rows.shape[1] % 2:
        _refuse(0, "has an odd number of numbers; complex numbers are pairs")
    if space == "cosinus" and not (some := rows.any(axis=1)).all():
        _refuse(int(np.argmin(some)), "is zero, which has no direction")


def _is_fine(rows: _Array) -> bool:
    """Say whether all numbers are finite and their squares too; NaN is less than nothing."""
    return bool(rows.min() >= -LARGEST and rows.max() <= LARGEST)


def _refuse_number(row: int, numbers: _Array) -> NoReturn:
    if np.isfinite(numbers).all():
        _refuse(row, f"holds a number beyond {LARGEST:g}, which cannot be squared")
    _refuse(row, "holds what is not a finite number")


def _check_series(rows: Sequence[_Array], dim: int | None) -> None:
    dim = dim or rows[0].shape[-1]
    for row, each in enumerate(rows):
        if each.ndim != 2 or len(each) == 0 or not 0 < each.shape[1] <= MOST_DIM:
            _refuse(row, "is no list of vectors, as a series is")
        if each.shape[1] != dim:
            _refuse(row, f"has vectors of {each.shape[1]} numbers; the task's have {dim}", dim=dim)
        if not _is_fine(each):
            _refuse_number(row, each)


def _blame(elements: Any, row: int | None) -> NoReturn:
    """Say which element made an array impossible."""
    if row is not None:
        _refuse(row, "is no list of vectors of numbers of one width")
    width: int | None = None
    for at, each in enumerate(elements):
        if isinstance(each, list | tuple):
            if (odd := next((value for value in each if not _is_number(value)), _FINE)) is not _FINE:
                _refuse(at, f"holds {str(odd)[:40]!r}, which is not a number")
            width = len(each) if width is None else width
            if len(each) != width:
                _refuse(at, f"has {len(each)} numbers, the ones before it {width}")
        elif not _is_number(each):
            _refuse(at, f"is {str(each)[:40]!r}, which is neither a list nor a number")
        elif width is not None:
            _refuse(at, "is a number among lists")
    raise InvalidInput("These are not numbers.", hint=NOTHING_TAKEN)


_FINE = object()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1.8e308


def _refuse(row: int, told: str, **details: Any) -> NoReturn:
    raise InvalidInput(f"Row {row + 1} {told}.", hint=NOTHING_TAKEN, row=row, **details)
