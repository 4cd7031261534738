"""The small parts of a host: pace, history, columns, journal, intake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shoal.base.errors import InvalidInput
from shoal.live.host.columns import Columns
from shoal.live.host.history import History
from shoal.live.host.intake import Intake
from shoal.live.host.journal import LOOK, ROWS, Journal, Note, notes
from shoal.live.host.pacing import Allowance, Turns, reached
from shoal.live.log.drawing import window
from shoal.live.log.reader import Reader
from shoal.live.log.record import encoded, payload_of
from shoal.live.model import Pace, Wish

NAMED = Wish(columns=("id", "x", "y", "price"), identifier="id", predictions=("price",))


@pytest.mark.parametrize(
    ("pace", "iterations", "pushed", "over"),
    [
        (Pace(), 10**9, 10**9, False),
        (Pace(iter=20), 19, 100, False),
        (Pace(iter=20), 20, 100, True),
        (Pace(iter=20, iter_per_data=1), 29, 10, False),
        (Pace(iter=20, iter_per_data=1), 30, 10, True),
        (Pace(iter_per_data=2), 0, 0, True),
        (Pace(iter_per_data=2), 1, 1, False),
    ],
)
def test_a_run_is_over_by_the_older_systems_arithmetic(
    pace: Pace, iterations: int, pushed: int, over: bool
) -> None:
    assert reached(pace, iterations, pushed) is over


def test_turns_are_apart_by_the_frequency() -> None:
    turns = Turns(4.0)
    turns.taken(10.0)
    assert turns.due == 10.25


def test_an_allowance_lets_rows_through_at_its_rate_and_keeps_little() -> None:
    rows = Allowance(100.0)
    taken = 0
    for step in range(101):
        now = step / 100
        n = int(rows.rows(now))
        rows.take(n)
        taken += n
    assert 100 <= taken <= 102
    assert rows.rows(60.0) == 10
    rows.take(10)
    assert rows.due(60.0) == pytest.approx(60.01)


def test_history_stays_bounded_and_keeps_the_newest_and_the_oldest() -> None:
    history = History(most=100)
    for at in range(1, 1001):
        history.add(at, at, at, 3, {"inertia": at, "rho": 1.0})
    points = history.points()
    assert len(points) <= 100
    assert points[0]["at"] == 1
    assert [point["at"] for point in points[-20:]] == list(range(981, 1001))
    assert [point["at"] for point in history.since(990, 5, None)] == [996, 997, 998, 999, 1000]
    assert history.since(999, 10, ["rho"])[0]["metrics"] == {"rho": 1.0}


def test_identifier_and_predictions_are_not_clustered() -> None:
    columns = Columns.of(NAMED)
    assert columns.clustered == (1, 2)
    assert columns.predictions == {"price": 3}
    np.testing.assert_array_equal(columns.of_rows(np.array([[7.0, 1.0, 2.0, 99.0]])), [[1.0, 2.0]])


def test_variables_choose_what_is_clustered() -> None:
    columns = Columns.of(Wish(columns=("a", "b", "c"), variables=("c", "a")))
    np.testing.assert_array_equal(columns.of_rows(np.array([[1.0, 2.0, 3.0]])), [[3.0, 1.0]])


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInput, match="'z'"):
        Columns.of(Wish(columns=("a", "b"), variables=("z",)))


def test_a_journal_gives_back_whole_notes_up_to_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint" / "000001-000000.turns"
    journal = Journal(path)
    written = [Note(0, 100, ROWS), Note(3, 100, LOOK), Note(3, 250, ROWS)]
    for note in written:
        journal.add(note)
    journal.close()
    assert list(notes(path)) == written
    content = bytearray(path.read_bytes())
    content[30] ^= 1
    path.write_bytes(content)
    assert list(notes(path)) == written[:1]
    assert list(notes(tmp_path / "nothing")) == []


def a_log(folder: Path, records: list[int]) -> Reader:
    """Write records of so many rows each, whose values are their numbers."""
    folder.mkdir()
    first = 0
    with (folder / f"{0:016d}.rows").open("wb") as file:
        for n in records:
            rows = np.arange(first, first + n, dtype=np.float64)[:, None]
            file.write(encoded(payload_of(rows)[0], first, n, 1, first))
            first += n
    return Reader(folder)


def test_pieces_cross_records_and_cut_them(tmp_path: Path) -> None:
    intake, row, seen = Intake(a_log(tmp_path / "log", [3, 1, 10, 2])), 0, []
    while piece := intake.take(row, 15, 4):
        assert 1 <= len(piece.rows) <= 4
        seen += piece.rows[:, 0].tolist()
        row = piece.end
    assert (row, seen) == (15, list(range(15)))


def test_a_window_of_a_log_is_exact(tmp_path: Path) -> None:
    reader = a_log(tmp_path / "log", [3, 1, 10, 2])
    first, rows = window(reader, 2, 13)
    assert (first, rows[:, 0].tolist()) == (2, list(range(2, 13)))
    assert window(reader, 16, 16)[0] == 16
