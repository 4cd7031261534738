"""A file that grows: each line once, over restarts, rotation and truncation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import InvalidInput
from shoal.live.sources.source import Batch
from shoal.live.sources.tail import Tail


def rows_in(batches: Iterator[Batch | None], idle: int = 3) -> list[Any]:
    """Return the rows until nothing came several times."""
    rows: list[Any] = []
    for batch in batches:
        if batch is None:
            idle -= 1
            if not idle:
                return rows
        else:
            rows += batch.rows
    return rows


def test_lines_come_as_they_are_ended(tmp_path: Path) -> None:
    path = tmp_path / "f"
    batches = Tail(path, pause=0).batches(None)
    assert next(batches) is None
    path.write_text("1,2\n3,")
    assert rows_in(batches) == [[1, 2]]
    with path.open("a") as file:
        file.write('4\n{"x": 5}\n[6, 7]\n')
    assert rows_in(batches) == [[3, 4], {"x": 5}, [6, 7]]


def test_a_header_gives_names_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("x;y\n1;2\n")
    (first,) = Tail(path, follow=False).batches(None)
    assert first is not None
    assert first.rows == [{"x": 1, "y": 2}]
    with path.open("a") as file:
        file.write("3;4\n\nred;5\n6\n7;8")
    (second,) = Tail(path, follow=False).batches(first.place)
    assert second is not None
    assert second.rows == [{"x": 3, "y": 4}, {"x": 7, "y": 8}]
    assert len(second.left) == 2


def test_a_rotated_file_is_read_to_its_end_then_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("1\n")
    batches = Tail(path, pause=0).batches(None)
    assert rows_in(batches) == [[1]]
    with path.open("a") as file:
        path.rename(tmp_path / "f.1")
        file.write("2\n3")
    path.write_text("4\n")
    assert rows_in(batches) == [[2], [3], [4]]


def test_a_file_that_became_shorter_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("1\n2\n3\n")
    batches = Tail(path, pause=0).batches(None)
    assert rows_in(batches) == [[1], [2], [3]]
    path.write_text("4\n")
    assert rows_in(batches) == [[4]]


def test_many_lines_come_in_several_batches_with_the_place_after_each(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("".join(f"{n}\n" for n in range(2500)))
    batches = [batch for batch in Tail(path, follow=False).batches(None) if batch]
    assert [len(batch.rows) for batch in batches] == [1000, 1000, 500]
    for number, batch in enumerate(batches[:2]):
        rest = rows_in(Tail(path, follow=False).batches(batch.place))
        assert rest == [[n] for n in range(1000 * (number + 1), 2500)]


def test_a_file_that_is_not_there_is_said_when_nothing_follows(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        next(Tail(tmp_path / "f", follow=False).batches(None))
    with pytest.raises(InvalidInput, match="directory"):
        next(Tail(tmp_path).batches(None))
