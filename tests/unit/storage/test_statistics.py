"""Laws of what is shown of a column's values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shoal.storage.columns import describe
from shoal.storage.statistics import BINS, LONGEST_WORD, MOST_WORDS, Statistics, cells, statistics


def of(values: Any) -> Statistics:
    table = pa.table({"x": values})
    return statistics(table, describe(table, ["x"]))[0]


def test_a_histogram_counts_every_number_as_numpy_does() -> None:
    values = np.random.default_rng(3).normal(size=5000)
    found = of(values).histogram
    assert found is not None
    counts, edges = np.histogram(values, BINS)
    assert sum(found.counts) == 5000
    assert np.allclose(found.edges, edges)
    assert found.counts == counts.tolist()


def test_gaps_and_infinities_are_not_counted() -> None:
    found = of([1.0, None, float("inf"), 3.0, float("nan")]).histogram
    assert found is not None
    assert (sum(found.counts), found.edges[0], found.edges[-1]) == (2, 1.0, 3.0)


@pytest.mark.parametrize(
    ("values", "edges"),
    [([5, 5], [5.0, 5.0]), ([1.0, np.nextafter(1.0, 2.0)], [1.0, np.nextafter(1.0, 2.0)])],
)
def test_what_no_bin_can_part_is_one_bin(values: list[float], edges: list[float]) -> None:
    found = of(values).histogram
    assert found is not None
    assert (found.edges, found.counts) == (edges, [2])


def test_the_widest_span_has_a_histogram() -> None:
    found = of([-1.7e308, 0.0, 1.7e308]).histogram
    assert found is not None
    assert (sum(found.counts), found.edges[0], found.edges[-1]) == (3, -1.7e308, 1.7e308)


def test_a_column_of_words_has_its_most_frequent_ones() -> None:
    found = of(["b", "a", "b", None, "c", *(f"w{i}" for i in range(20))])
    assert found.histogram is None
    assert found.top is not None
    assert found.top[:3] == [("b", 2), ("a", 1), ("c", 1)]
    assert len(found.top) == MOST_WORDS


def test_long_words_and_control_signs_are_shown_on_one_line() -> None:
    top = of(["x" * 500, "a\nb", "a\nb"]).top
    assert top is not None
    assert [(word[:3], len(word)) for word, _ in top] == [("a?b", 3), ("xxx", LONGEST_WORD)]


def test_an_empty_column_has_neither() -> None:
    found = of([None, None])
    assert (found.histogram, found.top) == (None, None)


def test_cells_are_what_json_can_say() -> None:
    import datetime
    import decimal

    day = datetime.date(2026, 11, 22)
    table = pa.table(
        {
            "a": [1, None],
            "b": [float("inf"), 0.5],
            "c": ["x", ""],
            "d": [True, None],
            "e": [day, None],
            "f": [decimal.Decimal("1.50"), None],
        }
    )
    assert cells(table, 0, 9) == [
        [1, None, "x", True, "2026-11-22", "1.50"],
        [None, 0.5, "", None, None, None],
    ]
    assert cells(table, 1, 1) == [[None, 0.5, "", None, None, None]]
    assert cells(table, 5, 1) == []
