"""Distances and means in every space: published tables, definitions, and what is refused."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from shoal.clustering.limits import InvalidData, InvalidParameter
from shoal.clustering.spaces.complex_vectors import as_complex
from shoal.clustering.spaces.cosinus import COSINUS
from shoal.clustering.spaces.elements import as_arrays, from_arrays
from shoal.clustering.spaces.euclid import EUCLID
from shoal.clustering.spaces.named import space_named
from shoal.clustering.spaces.resampling import resized
from shoal.clustering.spaces.series import Series
from shoal.clustering.spaces.warping import warping_distances

FIRST = np.array([1.0, 1, 2, 3, 2, 0])[:, None]
SECOND = np.array([0.0, 1, 1, 2, 3, 4, 2])[:, None]


@pytest.mark.parametrize(("window", "distance"), [(0, 4.0), (1, 5.0)])
def test_distance_of_two_series_is_the_originals(window: int, distance: float) -> None:
    assert Series(window=window).distances([FIRST], [SECOND]).tolist() == [[distance]]


@pytest.mark.parametrize(
    ("window", "weights", "mean"),
    [
        (0, (1, 1), [0.5, 1, 1.5, 2.5, 3.5, 2]),
        (0, (1, 2), [1 / 3, 1, 4 / 3, 7 / 3, 10 / 3, 23 / 9]),
        (1, (1, 1), [0.5, 1, 1.5, 2.5, 3, 2]),
        (1, (2, 1), [2 / 3, 1, 5 / 3, 8 / 3, 25 / 9, 4 / 3]),
    ],
)
def test_mean_of_two_series_is_the_originals(window: int, weights: Any, mean: list[float]) -> None:
    found = Series(window=window).combine(FIRST, weights[0], SECOND, weights[1])
    np.testing.assert_allclose(found.ravel(), mean, atol=1e-12)


def test_resizing_is_the_originals() -> None:
    longer = [1, 1, 1, 1, 4 / 3, 5 / 3, 2, 7 / 3, 8 / 3, 3, 8 / 3, 7 / 3, 2, 4 / 3, 2 / 3, 0]
    np.testing.assert_allclose(resized(FIRST, 16).ravel(), longer, atol=1e-12)
    np.testing.assert_allclose(resized(resized(FIRST, 16), 6), FIRST, atol=1e-12)
    assert resized(FIRST[:1], 3).tolist() == [[1.0]] * 3
    assert resized(FIRST, 1).tolist() == [[1.0]]


def test_cosine_distance_is_the_originals() -> None:
    found = COSINUS.distances(np.array([[1.0, 1.0]]), np.array([[1.0, 2.0]]))
    assert found[0, 0] == pytest.approx(0.051317, abs=1e-6)


def by_definition(a: Any, b: Any, window: int, inner: str) -> float:
    cells = np.full((len(a) + 1, len(b) + 1), np.inf)
    cells[0, 0] = 0
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            if not window or abs(i - j) <= window:
                gap = np.linalg.norm(a[i - 1] - b[j - 1])
                if inner == "cosinus":
                    lengths = np.linalg.norm(a[i - 1]) * np.linalg.norm(b[j - 1])
                    gap = 1 - a[i - 1] @ b[j - 1] / lengths
                cells[i, j] = gap + min(cells[i - 1, j - 1], cells[i - 1, j], cells[i, j - 1])
    return float(cells[-1, -1])


def drawn(seed: int, count: int, columns: int, longest: int, shortest: int = 1) -> list[Any]:
    random = np.random.default_rng(seed)
    return [random.normal(size=(random.integers(shortest, longest + 1), columns)) for _ in range(count)]


@pytest.mark.parametrize("inner", ["euclid", "cosinus"])
@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("window", [0, 3])
def test_distances_of_many_series_follow_the_definition(window: int, columns: int, inner: Any) -> None:
    shortest = 9 if window else 1
    ones, others = drawn(1, 5, columns, 12, shortest), drawn(2, 70, columns, 12, shortest)
    found = Series(inner, window).distances(ones, others)
    expected = [[by_definition(a, b, window, inner) for b in others] for a in ones]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(found.T, Series(inner, window).distances(others, ones))


def test_unlike_lengths_are_resized_where_the_window_asks_for_it() -> None:
    ones, others = drawn(3, 6, 2, 30), drawn(4, 40, 2, 30)
    found = Series(window=2).distances(ones, others)
    for i, a in enumerate(ones):
        for j, b in enumerate(others):
            left, right = resized(a, min(len(a), len(b) + 2)), resized(b, min(len(b), len(a) + 2))
            assert found[i, j] == pytest.approx(by_definition(left, right, 2, "euclid"))


def test_float32_keeps_its_digits() -> None:
    ones, others = drawn(5, 3, 3, 50, 40), drawn(6, 130, 3, 50, 40)
    single = warping_distances([a.astype(np.float32) for a in ones], [b.astype(np.float32) for b in others])
    np.testing.assert_allclose(single, warping_distances(ones, others), rtol=1e-5)


def test_mean_of_series_leans_to_the_heavier() -> None:
    space = Series()
    for a, b in pairwise(drawn(7, 20, 2, 20, 3)):
        np.testing.assert_allclose(space.combine(a, 1, a, 3), a, atol=1e-12)
        np.testing.assert_array_equal(space.combine(a, 1, b, 0), a)
        np.testing.assert_array_equal(space.combine(a, 0, b, 2), b)
        near = space.combine(a, 1e6, b, 1)
        assert len(near) in (len(a), len(a) - 1)
        np.testing.assert_allclose(near, a[: len(near)], atol=1e-3)


@pytest.mark.parametrize("seed", range(20))
def test_row_equal_to_a_centre_gets_that_centre(seed: int) -> None:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(20, 1 + seed)) * 10.0 ** random.integers(-150, 150, (20, 1))
    if seed == 0:
        centres = np.array([[-3.0], [1e-200]])
    labels, gaps = COSINUS.nearest(centres, centres)
    assert labels.tolist() == list(range(len(centres)))
    assert (gaps == 0).all()
    many = np.repeat(centres, 2000, axis=0)
    assert np.array_equal(COSINUS.nearest(many, centres)[0], np.repeat(np.arange(len(centres)), 2000))


def test_cosine_distances_stay_between_0_and_2() -> None:
    rows = np.random.default_rng(0).normal(size=(300, 3))
    gaps = COSINUS.distances(np.vstack([rows, -rows]), rows)
    assert gaps.min() == 0 and gaps.max() <= 2 and gaps.max() == pytest.approx(2)
    assert (np.diagonal(gaps) == 0).all()
    norms = np.linalg.norm(rows, axis=1)
    np.testing.assert_allclose(gaps[:300], 1 - rows @ rows.T / np.outer(norms, norms), atol=1e-12)


def test_mean_of_opposite_directions_is_equally_far_from_all() -> None:
    centres = np.array([[0.0, 0.0], [1.0, 1.0]])
    labels, gaps = COSINUS.nearest(np.array([[1.0, 0.9], [-1.0, -1.0]]), centres)
    assert labels.tolist() == [1, 0]
    assert gaps[1] == 1.0


def test_complex_numbers_are_compared_as_pairs() -> None:
    space = space_named("complex")
    a, b = np.array([[1 + 2j, 3j]]), np.array([[0j, 1 - 1j]])
    left, right = space.checked(a), space.checked(b)
    expected = np.sqrt((np.abs(a - b) ** 2).sum())
    assert space.distances(left, right)[0, 0] == pytest.approx(expected)
    middle = space.combine(np.asarray(left)[0], 1, np.asarray(right)[0], 3)
    np.testing.assert_allclose(as_complex(middle), (a[0] + 3 * b[0]) / 4)
    assert np.array_equal(np.asarray(space.checked(np.asarray(left))), np.asarray(left))


@pytest.mark.parametrize(
    ("name", "rows", "words"),
    [
        ("cosinus", [[1.0, 2.0], [0.0, 0.0]], "Row 1 is a zero vector"),
        ("euclid", [[1.0, 2.0], [np.nan, 0.0]], "Row 1 has a value"),
        ("euclid", [[1.0, 2.0], [3.0]], "not a table"),
        ("euclid", [["a", "b"]], "not a table"),
        ("euclid", [1.0, 2.0], "shape"),
        ("complex", [[1.0, 2.0, 3.0]], "no pairs"),
        ("series", [[[1.0], [2.0]], []], "Series 1 is empty"),
        ("series", [[[1.0], [np.inf]]], "Series 0 cannot be used"),
        ("series", [[[1.0]], [[1.0, 2.0]]], "Series 1 has vectors of 2"),
        ("series", [[[1.0], "x"]], "Series 0 cannot be used"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_its_number(name: str, rows: Any, words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        space_named(name).checked(rows)


def test_series_of_zero_vectors_have_no_directions() -> None:
    with pytest.raises(InvalidData, match="Series 1: step 2 is a zero vector"):
        space_named("series", "cosinus").checked([[[1.0, 0.0]], [[1.0, 1.0], [2.0, 0.0], [0.0, 0.0]]])


@pytest.mark.parametrize("given", [("hilbert",), ("series", "complex"), ("series", "euclid", -1)])
def test_spaces_that_there_are_not_are_refused(given: Any) -> None:
    with pytest.raises(InvalidParameter):
        space_named(*given)


@pytest.mark.parametrize("old", ["real", "vectors", "euclid"])
def test_old_names_of_euclids_space_are_known(old: str) -> None:
    assert space_named(old) is EUCLID


@pytest.mark.parametrize("rows", [np.arange(6.0).reshape(3, 2), [FIRST, SECOND], []])
def test_elements_go_through_arrays(rows: Any) -> None:
    again = from_arrays("x", as_arrays("x", rows))
    assert len(again) == len(rows)
    assert all(np.array_equal(a, b) for a, b in zip(again, rows, strict=True))
