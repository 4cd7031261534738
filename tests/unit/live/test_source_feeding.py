"""Feeding: every row once, whatever breaks between reading it and hearing that it is safe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import InvalidInput, NotFound, Unavailable
from shoal.live.sources.diary import Diary
from shoal.live.sources.feeding import feed
from shoal.live.sources.source import Batch, Place


class Numbers:
    """A source of the numbers up to `most`, three at a time."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.acknowledged: list[int] = []

    def batches(self, after: Place) -> Iterator[Batch | None]:
        for first in range(after or 0, self.most, 3):
            yield None
            rows = list(range(first, min(first + 3, self.most)))
            yield Batch(rows, rows[-1] + 1)

    def taken(self, batch: Batch) -> None:
        self.acknowledged += batch.rows


class Task:
    """What counts a key once; breaks at chosen calls, before or after it has taken the rows."""

    def __init__(self, *, broken: dict[int, str] | None = None, refuses: set[int] | None = None) -> None:
        self.rows: list[int] = []
        self._keys: set[str] = set()
        self._broken = broken or {}
        self._refuses = refuses or set()
        self._calls = 0

    def push(self, rows: list[Any], key: str) -> bool:
        self._calls += 1
        moment = self._broken.pop(self._calls, "")
        if moment == "before":
            raise Unavailable("away")
        for place, row in enumerate(rows):
            if row in self._refuses:
                raise InvalidInput(f"Row {place + 1} is refused.", row=place)
        is_new = key not in self._keys
        if is_new:
            self._keys.add(key)
            self.rows += rows
        if moment == "after":
            raise Unavailable("away")
        return is_new


def fed(path: Path, task: Task, most: int) -> list[str]:
    """Feed as a program does that is started again whenever it broke."""
    told: list[str] = []
    while True:
        try:
            feed(Numbers(most), Diary(path), task.push, tell=told.append)
        except Unavailable:
            continue
        return told


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 6))
def test_a_break_at_any_push_neither_loses_nor_doubles(tmp_path: Path, moment: str, call: int) -> None:
    task = Task(broken={call: moment})
    fed(tmp_path / "diary", task, 10)
    assert task.rows == list(range(10))
    fed(tmp_path / "diary", task, 14)
    assert task.rows == list(range(14))


def test_a_refused_row_is_left_out_and_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    task = Task(refuses={0, 4, 5})
    told = fed(tmp_path / "diary", task, 8)
    assert task.rows == [1, 2, 3, 6, 7]
    assert len(told) == 3


def test_what_cannot_be_mended_is_raised_and_not_forgotten(tmp_path: Path) -> None:
    def gone(rows: list[Any], key: str) -> bool:
        raise NotFound("no task")

    with pytest.raises(NotFound):
        feed(Numbers(3), Diary(tmp_path / "diary"), gone, tell=str)
    pending = Diary(tmp_path / "diary").pending
    assert pending is not None
    assert pending.rows == [0, 1, 2]


def test_what_is_safe_is_acknowledged_and_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    task, source, asked = Task(), Numbers(9), iter([True, True, True, False])
    rows = feed(source, Diary(tmp_path / "d"), task.push, tell=str, going=lambda: next(asked))
    assert rows == 6
    assert source.acknowledged == task.rows == list(range(6))
    assert feed(Numbers(9), Diary(tmp_path / "d"), task.push, tell=str) == 3


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"id": "x"}'])
def test_a_file_that_is_no_diary_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "diary"
    path.write_bytes(content)
    with pytest.raises(InvalidInput):
        Diary(path)
    assert path.read_bytes() == content
