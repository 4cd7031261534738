"""Rows in a body: every kind of body says the same rows; what is wrong is named."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from shoal.base.errors import InvalidInput, ShoalError, UnsupportedMedia
from shoal.server.api.live_tables import CSV, FILE, JSON, LINES, STREAM, elements_of

ROWS = [[1.0, 2.5], [3.0, -4.0]]
TABLE = pa.table({"y": [2.5, -4.0], "name": ["a", "b"], "x": [1, 3]})


def arrow(table: Any, new: Callable[..., Any] = pa.ipc.new_stream) -> bytes:
    sink = io.BytesIO()
    with new(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def vectors(values: list[float], width: int) -> Any:
    return pa.table({"row": pa.FixedSizeListArray.from_arrays(pa.array(values), width)})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[[1, 2.5], [3, -4]]", JSON),
        (b'{"rows": [[1, 2.5], [3, -4]]}', "application/json; charset=utf-8"),
        (b'{"columns": ["y", "n", "x"], "rows": [[2.5, 0, 1], [-4, 0, 3]]}', JSON),
        (b'[{"y": 2.5, "x": 1, "n": "a"}, {"x": 3, "y": -4}]', JSON),
        (b"[1, 2.5]\n\n[3, -4]\r\n", LINES),
        (b'{"y": 2.5, "x": 1}\n{"x": 3, "y": -4}', "application/jsonl"),
        (b"1,2.5\n3,-4\n", CSV),
        (b"1;2.5\r\n3;-4\r\n", CSV),
        (b"\xef\xbb\xbfy,name,x\n2.5,a,1\n-4,b,3\n", CSV),
        (arrow(TABLE), STREAM),
        (arrow(TABLE, pa.ipc.new_file), FILE),
        (arrow(vectors([1, 2.5, 3, -4], 2)), STREAM),
    ],
)
def test_every_kind_of_body_says_the_same_rows(body: bytes, kind: str) -> None:
    assert np.asarray(elements_of(body, kind, ("x", "y"))).tolist() == ROWS


def test_rows_without_wishes_are_taken_as_they_stand() -> None:
    assert elements_of(b"[1, 2.5]", JSON, ()) == [1, 2.5]
    assert elements_of(b'{"b": 1, "a": 2}', JSON, ()) == [[1, 2]]
    assert elements_of(b"b,a\n1,2\n", CSV, ()).tolist() == [[1, 2]]
    assert np.isnan(elements_of(b"1,\n", CSV, ())[0, 1])


def test_series_come_as_lists_of_vectors() -> None:
    series = [[[1.0], [2.0]], [[3.0]]]
    assert elements_of(orjson.dumps(series), JSON, ()) == series
    assert elements_of(arrow(pa.table({"s": series})), STREAM, ()) == series


@pytest.mark.parametrize(
    ("body", "kind", "word"),
    [
        (b"[1, NaN]", JSON, "character"),
        (b"[1e400]", JSON, "infinity"),
        (b"", JSON, "not JSON"),
        (b"[1]\n[2", LINES, "Line 2"),
        (b"[1] [2]", LINES, "Line 1"),
        (b"[1],[2]", LINES, "one row a line"),
        (b'{"columns": [1], "rows": [[1]]}', JSON, "columns"),
        (b'{"columns": ["x", "y", "z"], "rows": [[1, 2, 3], [1, 2]]}', JSON, "Row 2"),
        (b'{"columns": ["x"], "rows": [[1]]}', JSON, "'y'"),
        (b'[{"x": 1, "y": 2}, {"x": 1}]', JSON, "Row 2"),
        (b'[{"x": 1, "y": 2}, [1, 2]]', JSON, "Row 2"),
        (b"x,y\n1,2\n1,2,3\n", CSV, "Expected 2 columns"),
        (b"x,y\n1,2\n1,red\n", CSV, "Row 2, column y: 'red'"),
        (b"x,z\n1,2\n", CSV, "'y'"),
        (b"", CSV, "CSV"),
        (b"not arrow", STREAM, "Arrow"),
        (arrow(TABLE)[:-40], STREAM, "Arrow"),
        (arrow(pa.table({"x": ["a"], "y": [1]})), STREAM, "Row 1, column x"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, kind: str, word: str) -> None:
    with pytest.raises(InvalidInput, match=r".") as refused:
        elements_of(body, kind, ("x", "y"))
    assert word in str(refused.value)


@pytest.mark.parametrize("kind", ["", "text/html", "application/x-www-form-urlencoded"])
def test_another_kind_is_refused_with_those_that_are_taken(kind: str) -> None:
    with pytest.raises(UnsupportedMedia, match="application/json"):
        elements_of(b"[1]", kind, ())


def test_random_bytes_are_never_an_error_of_ours() -> None:
    chance = np.random.default_rng(0)
    heads = [b"", b"ARROW1\0\0", b"\xff\xff\xff\xff", b"[", b"x,y\n"]
    for number in range(300):
        body = heads[number % len(heads)] + chance.bytes(int(chance.integers(0, 200)))
        for kind in (JSON, LINES, CSV, STREAM):
            try:
                elements_of(body, kind, ())
            except ShoalError:
                continue
