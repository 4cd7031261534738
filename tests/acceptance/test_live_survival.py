"""kill -9 of everything while rows are pushed: each key counts once, and tasks go on as they were."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import tests.support.live_program as live_program
from shoal.live.log.reader import Reader
from shoal.live.model import LiveTask
from shoal.live.states import State
from shoal.server.house import House
from tests.support.crash import Fault, Program, survive
from tests.support.live_program import BATCHES, EACH, RESTS, RUNS, acknowledged

NAME = "tests.support.live_program:main"
KILLS = 10


def verify(folder: Path) -> None:
    """Every row is there once, whatever was killed when; the running task is as it was, the other rests."""
    with House(live_program.settings(folder)) as house:

        async def look() -> LiveTask:
            (task,) = await house.live.find(search=RUNS)
            return task

        found = asyncio.run(look())
        path = house.home.live / found.id / "log"
    assert (found.rows, found.pushed, found.run) == (BATCHES * EACH, BATCHES * EACH, 1)
    assert found.state is State.RUNNING
    rows = np.concatenate([np.asarray(chunk.rows) for chunk in Reader(path).read(0, 1 << 40)])
    assert rows.shape == (BATCHES * EACH, 2)
    assert (np.bincount(rows[:, 0].astype(int), minlength=BATCHES) == EACH).all()
    assert (rows[:, 1].reshape(BATCHES, EACH) == np.arange(EACH)).all()


def states(folder: Path) -> dict[str, str]:
    """Return the states by name, from the file of a server that may live."""
    path = folder / "home" / "shoal.db"
    if not path.exists():
        return {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        try:
            return dict(database.execute("SELECT name, state FROM live_tasks").fetchall())
        except sqlite3.OperationalError:
            return {}


def has(folder: Path, batches: int) -> bool:
    return len(acknowledged(folder)) >= batches


def test_rows_pushed_through_ten_kills_are_there_once(tmp_path: Path) -> None:
    program = Program(NAME, tmp_path, "")
    for kill in range(KILLS):
        enough = (kill * BATCHES) // KILLS + 7
        program.run_and_kill(partial(has, tmp_path, enough))
    assert program.run(timeout=120) == 0, program.output.read_text()
    assert sorted(set(acknowledged(tmp_path))) == list(range(BATCHES))
    verify(tmp_path)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("live.rows", "before", "tree", 30),
        Fault("live.rows", "after", "tree", 30),
    ],
    ids=str,
)
def test_killed_at_its_weakest_moments_nothing_is_lost(tmp_path: Path, fault: Fault) -> None:
    program = Program(NAME, tmp_path, "")
    survive(program, fault)
    verify(tmp_path)


def test_a_paused_task_rests_after_everything_was_killed(tmp_path: Path) -> None:
    program = Program(NAME, tmp_path, "")
    program.run_and_kill(lambda: states(tmp_path).get(RESTS) == State.IDLE)
    assert program.run(timeout=120) == 0, program.output.read_text()
    assert states(tmp_path)[RESTS] == State.IDLE
