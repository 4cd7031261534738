"""A query on a schedule: what is newer than before, rows of equal value together."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import InvalidInput, Unavailable
from shoal.live.sources.query import Query

SELECT = "SELECT at, x, y FROM t WHERE at > :after ORDER BY at"


def filled(path: Path, rows: Sequence[tuple[int, float, float]]) -> str:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS t (at INTEGER, x REAL, y REAL)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    connection.close()
    return f"sqlite:///{path}"


def rows_after(url: str, place: Any, **options: Any) -> tuple[list[Any], Any]:
    found = [batch for batch in Query(url, SELECT, "at", every=None, **options).batches(place) if batch]
    return [row for batch in found for row in batch.rows], found[-1].place if found else place


def test_each_row_comes_once_over_restarts(tmp_path: Path) -> None:
    url = filled(tmp_path / "db", [(1, 0.5, 1.5), (2, 2.5, 3.5)])
    rows, place = rows_after(url, None)
    assert rows == [{"x": 0.5, "y": 1.5}, {"x": 2.5, "y": 3.5}]
    assert rows_after(url, place) == ([], 2)
    filled(tmp_path / "db", [(5, 4.5, 5.5)])
    assert rows_after(url, place, keep=True) == ([{"at": 5, "x": 4.5, "y": 5.5}], 5)
    assert rows_after(url, None, first=2)[0] == [{"x": 4.5, "y": 5.5}]


def test_rows_of_one_value_are_never_parted(tmp_path: Path) -> None:
    url = filled(tmp_path / "db", [(1 + n // 700, n, 0.0) for n in range(2100)])
    batches = [batch for batch in Query(url, SELECT, "at", every=None).batches(None) if batch]
    assert [(len(batch.rows), batch.place) for batch in batches] == [(1400, 2), (700, 3)]


def test_it_looks_again_and_says_when_there_is_nothing(tmp_path: Path) -> None:
    url = filled(tmp_path / "db", [(1, 0, 0)])
    batches = Query(url, SELECT, "at", every=0).batches(None)
    first = next(batches)
    assert first is not None
    assert next(batches) is None
    filled(tmp_path / "db", [(2, 1, 1)])
    assert next(batch for batch in batches if batch).rows == [{"x": 1.0, "y": 1.0}]


@pytest.mark.parametrize(
    ("query", "column", "word"),
    [
        ("SELECT 1", "at", ":after"),
        ("SELECT x FROM t WHERE at > :after", "at", "'at'"),
        ("SELECT at FROM nowhere WHERE at > :after", "at", "nowhere"),
        ("SELEC at FROM t WHERE at > :after", "at", "syntax"),
    ],
)
def test_a_query_that_cannot_be_run_is_said(tmp_path: Path, query: str, column: str, word: str) -> None:
    url = filled(tmp_path / "db", [(1, 0, 0)])
    with pytest.raises(InvalidInput) as refused:
        next(Query(url, query, column, every=None).batches(None))
    assert word in str(refused.value)


def test_a_database_that_is_away_is_not_the_query_s_fault(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        next(Query(f"sqlite:///{tmp_path}/no/db", SELECT, "at", every=None).batches(None))
    with pytest.raises(InvalidInput):
        Query("nonsense", SELECT, "at")
