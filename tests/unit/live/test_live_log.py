"""A task's log: what is acknowledged is there, once, in order, whatever happens to the file after it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from shoal.base.errors import InvalidInput, ShoalError, StorageFull, Unavailable
from shoal.live.errors import RowsWaiting, TaskFull
from shoal.live.log import log as log_module
from shoal.live.log.keys import MOST, Keys
from shoal.live.log.log import Appended, Bounds, Log
from shoal.live.log.logs import Logs
from shoal.live.log.reader import Reader, segments
from shoal.live.log.record import Rows, payload_of

ROWS = np.arange(20.0).reshape(10, 2)
Opened = Callable[..., Logs]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    made: list[Logs] = []

    def make(size: int = 1 << 30, waiting: int = 10**9) -> Logs:
        made.append(Logs(tmp_path, Bounds(size, waiting), lambda logs: None))
        return made[-1]

    yield make
    for logs in made:
        logs.close()


def test_what_goes_wrong_beside_a_push_keeps_no_later_one_waiting(tmp_path: Path) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("nobody listens")

    logs = Logs(tmp_path, Bounds(1 << 30, 10**9), fail)
    assert [push(logs, ROWS).first for _ in range(3)] == [0, 10, 20]
    logs.close()


def push(logs: Logs, rows: Rows, key: str = "", task: str = "t") -> Appended:
    return logs.writer.append(logs.of(task), *payload_of(rows), key).result(30)


def read(folder: Path, task: str = "t", start: int = 0) -> list[float]:
    chunks = Reader(folder / task / "log").read(start, 10**9)
    return [float(number) for chunk in chunks for row in chunk.rows for number in row]


def test_rows_come_back_as_they_were_sent(opened: Opened, tmp_path: Path) -> None:
    logs = opened()
    assert push(logs, ROWS) == (0, 10, False)
    assert push(logs, ROWS[:3], "key") == (10, 3, False)
    assert read(tmp_path) == [*ROWS.ravel(), *ROWS[:3].ravel()]
    assert read(tmp_path, start=4) == [*ROWS[4:].ravel(), *ROWS[:3].ravel()]


def test_series_come_back_as_they_were_sent(opened: Opened, tmp_path: Path) -> None:
    series = [ROWS[:4], ROWS[5:6], ROWS]
    push(opened(), series)
    (chunk,) = Reader(tmp_path / "t" / "log").read(0, 100)
    assert all((found == sent).all() for found, sent in zip(chunk.rows, series, strict=True))
    (chunk,) = Reader(tmp_path / "t" / "log").read(2, 100)
    assert chunk.first == 2
    assert (chunk.rows[0] == ROWS).all()


def test_a_repeated_key_adds_nothing(opened: Opened, tmp_path: Path) -> None:
    logs = opened()
    first = push(logs, ROWS, "once")
    push(logs, ROWS, "other")
    assert push(logs, ROWS, "once") == (first.first, 10, True)
    logs.close()
    assert push(opened(), ROWS, "once") == (first.first, 10, True)
    assert len(read(tmp_path)) == 2 * ROWS.size


def test_many_senders_share_a_log_without_a_gap(opened: Opened, tmp_path: Path) -> None:
    logs = opened()
    log = logs.of("t")
    futures = [logs.writer.append(log, *payload_of(ROWS), f"k{n % 50}") for n in range(100)]
    answers = [future.result(30) for future in futures]
    assert sorted(one.first for one in answers if not one.duplicate) == list(range(0, 500, 10))
    assert sum(one.duplicate for one in answers) == 50
    assert log.end == 500
    assert len(read(tmp_path)) == 50 * ROWS.size


@pytest.mark.parametrize("torn", [1, 20, 38, 60, 203])
def test_a_torn_record_is_cut_and_the_others_stay(opened: Opened, tmp_path: Path, torn: int) -> None:
    logs = opened()
    push(logs, ROWS, "first")
    whole = segments(tmp_path / "t" / "log")[0].stat().st_size
    push(logs, ROWS, "second")
    logs.close()
    (path,) = segments(tmp_path / "t" / "log")
    os.truncate(path, whole + torn)
    again = opened()
    assert again.of("t").end == 10
    assert push(again, ROWS, "second") == (10, 10, False)
    assert read(tmp_path) == [*ROWS.ravel(), *ROWS.ravel()]


def test_a_record_with_damaged_bytes_is_cut(opened: Opened, tmp_path: Path) -> None:
    logs = opened()
    push(logs, ROWS)
    push(logs, ROWS)
    logs.close()
    (path,) = segments(tmp_path / "t" / "log")
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    assert opened().of("t").end == 10


def test_a_log_is_many_files_and_reads_as_one(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "SEGMENT", 1000)
    logs = opened()
    for n in range(50):
        push(logs, ROWS + n, f"k{n}")
    paths = segments(tmp_path / "t" / "log")
    assert len(paths) > 5
    assert len(read(tmp_path)) == 50 * ROWS.size
    reader, row, seen = Reader(tmp_path / "t" / "log"), 0, 0
    while chunks := reader.read(row, 7):
        seen += sum(len(chunk.rows) for chunk in chunks)
        row = chunks[-1].first + len(chunks[-1].rows)
    assert seen == row == 500
    logs.close()
    again = opened()
    assert (again.of("t").end, again.of("t").dim) == (500, 2)
    assert push(again, ROWS, "k0").duplicate


def test_old_files_go_and_their_keys_stay(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "SEGMENT", 1000)
    logs = opened()
    for n in range(20):
        push(logs, ROWS, f"k{n}")
    log = logs.of("t")
    before = log.size
    assert log.has_before(120)
    assert logs.writer.act(lambda: log.drop(120)).result(30) > 0
    assert 0 < log.first <= 120
    assert log.size < before
    assert len(read(tmp_path, start=120)) == 80 * 2
    logs.close()
    again = opened()
    assert push(again, ROWS, "k0") == (0, 10, True)
    assert again.of("t").end == 200
    assert again.of("t").first == log.first


def test_a_reader_stops_at_what_is_durable(opened: Opened, tmp_path: Path) -> None:
    logs = opened()
    push(logs, ROWS)
    push(logs, ROWS)
    assert sum(len(chunk.rows) for chunk in Reader(tmp_path / "t" / "log").read(0, 100, end=10)) == 10


def test_rows_of_another_width_are_refused(opened: Opened, tmp_path: Path) -> None:
    logs = opened()
    push(logs, ROWS)
    with pytest.raises(InvalidInput, match="3 numbers, those of the task have 2"):
        push(logs, np.ones((2, 3)))
    assert logs.of("t").end == 10


def test_a_full_task_takes_nothing_more(opened: Opened, tmp_path: Path) -> None:
    logs = opened(size=500)
    push(logs, ROWS)
    with pytest.raises(TaskFull):
        for _ in range(3):
            push(logs, ROWS)
    kept = logs.of("t").end
    assert len(read(tmp_path)) == kept * 2
    assert logs.of("t").size <= 500


def test_senders_are_told_to_wait_while_a_task_does_not_read(opened: Opened) -> None:
    logs = opened(waiting=15)
    log = logs.of("t")
    log.is_read = True
    push(logs, ROWS)
    push(logs, ROWS)
    with pytest.raises(RowsWaiting) as refused:
        push(logs, ROWS)
    assert refused.value.status == 429
    assert refused.value.details["retry_after"] >= 1
    log.consumed = 20
    assert push(logs, ROWS).first == 20


def test_nothing_of_a_push_stays_when_the_disk_is_full(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = opened()
    push(logs, ROWS)
    really = os.write

    def full(descriptor: int, content: bytes) -> int:
        if len(content) > 50:
            return really(descriptor, content[:50])
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(StorageFull):
            push(logs, ROWS, "again")
    assert read(tmp_path) == list(ROWS.ravel())
    assert push(logs, ROWS, "again") == (10, 10, False)


def test_what_could_not_be_synced_is_not_there(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = opened()
    push(logs, ROWS)

    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "the disk failed")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", broken)
        with pytest.raises((OSError, ShoalError)):
            push(logs, ROWS, "again")
    assert push(logs, ROWS, "again") == (10, 10, False)
    logs.close()
    assert opened().of("t").end == 20


def test_keys_are_bounded(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    for n in range(MOST + 10):
        keys.add(f"k{n}", n, 1)
    assert keys.get("k9") is None
    assert keys.get("k10") == (10, 1)
    keys.keep()
    assert Keys(tmp_path).get(f"k{MOST}") == (MOST, 1)


def test_a_deleted_task_takes_nothing(opened: Opened) -> None:
    logs = opened()
    log = logs.of("t")
    push(logs, ROWS)
    logs.forget("t")
    with pytest.raises(InvalidInput, match="deleted"):
        logs.writer.append(log, *payload_of(ROWS)).result(30)


def test_a_closed_writer_says_so(opened: Opened) -> None:
    logs = opened()
    log: Log = logs.of("t")
    logs.close()
    with pytest.raises(Unavailable):
        logs.writer.append(log, *payload_of(ROWS))
