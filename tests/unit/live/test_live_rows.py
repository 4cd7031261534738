"""Rows from outside: what they may look like, and what is said of those that cannot be kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shoal.base.errors import InvalidInput
from shoal.live.rows import checked, from_json


@pytest.mark.parametrize(
    ("elements", "dim", "shape"),
    [
        ([1, 2, 3], 3, (1, 3)),
        ([1, 2, 3], None, (1, 3)),
        ([1, 2, 3], 1, (3, 1)),
        ([[1, 2], [3, 4.5]], 2, (2, 2)),
        ([[1, 2], [3, 4.5]], None, (2, 2)),
        (np.ones((4, 2)), 2, (4, 2)),
    ],
)
def test_vectors_become_one_array(elements: Any, dim: int | None, shape: tuple[int, int]) -> None:
    rows = from_json(elements, dim)
    assert isinstance(rows, np.ndarray)
    assert rows.shape == shape
    assert rows.dtype == np.float64


def test_in_series_each_element_is_a_list_of_vectors() -> None:
    rows = from_json([[[1, 2], [3, 4]], [[5, 6]]], 2, "series")
    assert [each.tolist() for each in rows] == [[[1, 2], [3, 4]], [[5, 6]]]


@pytest.mark.parametrize(
    ("elements", "dim", "space", "told"),
    [
        ([1, 2, 3], 2, "euclid", "has 2 numbers here; this one has 3"),
        ([[1, 2], [3]], 2, "euclid", "Row 2 has 1 numbers"),
        ([[1, 2], [3, "4"]], 2, "euclid", "Row 2 holds '4'"),
        ([[1, 2], [3, None]], 2, "euclid", "Row 2 holds 'None'"),
        ([[1, 2], [3, float("nan")]], 2, "euclid", "Row 2 .* not a finite number"),
        ([[1, float("inf")], [3, 4]], 2, "euclid", "Row 1 .* not a finite number"),
        ([[1, 1e308]], 2, "euclid", "Row 1 .* cannot be squared"),
        ([[1, 2, 3]], 2, "euclid", "Row 1 has 3 numbers; the task's rows have 2"),
        ([[1, 2], 3], 2, "euclid", "Row 2 is a number among lists"),
        ([[True, False]], 2, "euclid", "Row 1 holds 'True'"),
        ([{"a": 1}], 2, "euclid", "neither a list nor a number"),
        ([[[1, 2]]], 2, "euclid", "nested deeper"),
        ([[]], None, "euclid", "1 to 10,000 numbers"),
        ([], 2, "euclid", "There are no rows"),
        ("1,2", 2, "euclid", "Rows are a list"),
        ([[1, 0], [0, 0.0]], 2, "cosinus", "Row 2 is zero"),
        ([[1, 2, 3]], None, "complex", "pairs"),
        ([[1, 2]], 2, "series", "Row 1 is no list of vectors"),
        ([[[1, 2]], [[1, 2], [3]]], 2, "series", "Row 2 is no list of vectors"),
        ([[[1, 2]], [[1, 2, 3]]], None, "series", "Row 2 has vectors of 3 numbers"),
        ([[[1, 2]], []], 2, "series", "Row 2 is no list of vectors"),
    ],
)
def test_what_cannot_be_kept_is_named(elements: Any, dim: int | None, space: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        from_json(elements, dim, space)


def test_the_row_is_told_to_programs_too() -> None:
    with pytest.raises(InvalidInput) as refused:
        from_json([[1, 2], [3, None]], 2)
    assert refused.value.details["row"] == 1


def test_vectors_are_no_series_and_series_no_vectors() -> None:
    with pytest.raises(InvalidInput):
        checked([np.ones((2, 2))], 2, "euclid")
    with pytest.raises(InvalidInput):
        checked(np.ones((2, 2)), 2, "series")
