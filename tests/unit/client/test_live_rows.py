"""Rows of a program as a body: frames and arrays as Arrow, lists as JSON; options where they belong."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pytest

from shoal.base.errors import InvalidInput
from shoal.client.live_rows import ARROW, JSON, body_of
from shoal.client.live_wishes import wish_of


def table_of(rows: Any) -> Any:
    body = body_of(rows)
    assert body.kind == ARROW
    with pa.ipc.open_stream(body.content) as reader:
        return reader.read_all()


def test_a_data_frame_keeps_its_names_and_loses_its_index() -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5], "y": [1, 2]}, index=[7, 8])
    assert table_of(frame).to_pydict() == {"x": [1.5, 2.5], "y": [1, 2]}
    assert table_of(pa.table({"x": [1]})).to_pydict() == {"x": [1]}


def test_an_array_is_one_column_of_vectors() -> None:
    expected = {"row": [[1.0, 2.0], [3.0, 4.0]]}
    assert table_of(np.array([[1, 2], [3, 4]])).to_pydict() == expected
    assert table_of(np.array([[1, 3], [2, 4]], np.float32).T).to_pydict() == expected
    assert table_of(np.array([1.0, 2.0])).to_pydict() == {"row": [[1.0, 2.0]]}


@pytest.mark.parametrize(
    ("rows", "sent"),
    [
        ([[1, 2], (3, 4)], [[1, 2], [3, 4]]),
        ([np.array([1.5]), np.array([2.5])], [[1.5], [2.5]]),
        (({"x": n} for n in range(2)), [{"x": 0}, {"x": 1}]),
        (np.zeros((1, 2, 1)), [[[0.0], [0.0]]]),
        (np.zeros((0, 2)), []),
    ],
)
def test_anything_else_is_json(rows: Any, sent: Any) -> None:
    body = body_of(rows)
    assert (orjson.loads(body.content), body.kind) == (sent, JSON)


@pytest.mark.parametrize("rows", ["1,2", {"x": 1}, 7, [object()], [{1, 2}]])
def test_what_is_no_list_of_rows_is_refused_here(rows: Any) -> None:
    with pytest.raises(InvalidInput):
        body_of(rows)


def test_options_go_where_they_belong() -> None:
    wish = wish_of("a", "kmeans", {"k": 3, "iter": 20, "columns": ("x", "y"), "given": np.eye(2)})
    assert wish == {
        "name": "a",
        "columns": ["x", "y"],
        "algorithm": {"name": "kmeans", "k": 3, "given": [[1.0, 0.0], [0.0, 1.0]]},
        "pace": {"iter": 20},
    }
    assert wish_of(None, None, {"timeout": 1.5}) == {"pace": {"timeout": 1.5}}
    both = wish_of(None, {"name": "mcmc", "amp": 2}, {"k": 1})
    assert both["algorithm"] == {"name": "mcmc", "amp": 2, "k": 1}
