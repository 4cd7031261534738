from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shoal.studies.results.relations import components_of, correlation_of, distributions_of


def test_correlations_are_numpys_also_far_from_zero_and_over_parts() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(150_000, 3)) @ rng.normal(size=(3, 3)) + [1e6, 0, -1e5]
    table = pa.table({name: values[:, place] for place, name in enumerate("abc")})
    found = correlation_of(table, ["a"])
    assert np.abs(np.array(found["values"]) - np.corrcoef(values.T)).max() < 1e-9
    assert found["left_out"] == 0


def test_each_pair_takes_the_rows_that_have_both() -> None:
    rng = np.random.default_rng(1)
    a, b, c = rng.normal(size=(3, 50))
    b += a
    a[:7], b[20:25], c[3] = np.nan, np.nan, np.inf
    values: Any = correlation_of(pa.table({"a": a, "b": b, "t": ["x"] * 50, "c": c}), ["b"])
    assert values["columns"] == ["a", "b", "c"]
    both = np.isfinite(a) & np.isfinite(b)
    assert values["values"][0][1] == pytest.approx(np.corrcoef(a[both], b[both])[0, 1], abs=1e-12)


def test_a_constant_column_has_no_correlation_and_integers_count() -> None:
    found = correlation_of(pa.table({"same": [5.5] * 4, "n": [1, 2, 3, 5], "m": [2, 4, 6, 10]}), [])
    assert found["values"][0] == [None, None, None]
    assert found["values"][1][1:] == pytest.approx([1.0, 1.0])


def test_of_very_many_columns_those_clustered_by_come_first() -> None:
    values = np.random.default_rng(2).normal(size=(20, 40))
    found = correlation_of(pa.table({f"x{place}": values[:, place] for place in range(40)}), ["x39", "x3"])
    assert len(found["columns"]) == 30
    assert found["left_out"] == 10
    assert found["columns"][-1] == "x39"
    assert found["columns"] == sorted(found["columns"], key=lambda name: int(name[1:]))


def test_components_are_the_eigenvectors_and_their_largest_loading_is_positive() -> None:
    rows = np.random.default_rng(3).normal(size=(500, 3)) * [1.0, 3.0, 2.0]
    found = components_of(["a", "b", "c"], rows.mean(axis=0), np.ones(3), np.cov(rows.T, ddof=0))
    assert found is not None
    loadings = np.array(found["loadings"])
    np.testing.assert_allclose(loadings @ loadings.T, np.eye(2), atol=1e-12)
    assert loadings[0].argmax() == 1
    assert loadings[1].argmax() == 2
    assert found["shares"] == pytest.approx(
        (np.sort(np.linalg.eigvalsh(np.cov(rows.T, ddof=0)))[::-1] / np.cov(rows.T, ddof=0).trace())[:2]
    )
    assert components_of(["a"], np.zeros(1), np.ones(1), np.eye(1)) is None


def test_distributions_count_every_row_once_or_say_how_many_lie_beyond() -> None:
    rng = np.random.default_rng(4)
    values, labels = rng.normal(size=(4000, 2)), rng.integers(3, size=4000)
    values[0, 0], values[:, 1] = 50.0, 7.0
    found = distributions_of(values, labels, 3, ["a", "same"])
    assert found["a"]["beyond"] >= 1
    assert sum(map(sum, found["a"]["counts"])) + found["a"]["beyond"] == 4000
    edges = np.linspace(found["a"]["low"], found["a"]["high"], 41)
    expected = np.histogram(values[labels == 1, 0], edges)[0]
    assert np.abs(np.array(found["a"]["counts"][1]) - expected).sum() <= 2
    assert sum(map(sum, found["same"]["counts"])) == 4000
