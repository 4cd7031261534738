"""A task that is followed by another host goes on exactly as it would have, and tells nothing twice."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import orjson
import pytest

from shoal.live.host.asked import history
from shoal.live.model import Pace, Wish
from tests.support.followed import Task, a_wish, blobs

PLACES = [np.array([(0, 0), (10, 0), (0, 10)]), np.array([(50, 50), (60, 50), (50, 60), (70, 70)])]
KMEANS = a_wish(k=3, frame_size=500)
WISHES = [
    KMEANS,
    a_wish(k=3),
    a_wish("kmeans", k=3, half_life=500.0),
    a_wish("mcmc", frame_size=500),
    a_wish("streaming", half_life=500.0),
    a_wish("streaming", method="original", frame_size=500),
]


def fed(task: Task, steps: int, *, dying: Random | None = None) -> None:
    """Push rows and give turns; with `dying` the host dies at times, and may have kept a state before."""
    task.play()
    for step in range(steps):
        task.push(blobs(int(50 + 37 * step % 90), PLACES[step * 2 // steps], seed=step))
        task.turns(0.03)
        if dying is not None:
            if dying.random() < 0.4:
                task.followed.checkpoint()
            if dying.random() < 0.5:
                task.assign("running")
    task.turns()


def place_of(task: Task) -> tuple[int, int]:
    """Return how many rows were taken and how many turns."""
    assert task.followed.work is not None
    return task.followed.work.course.row, task.followed.work.course.turns


def finished(task: Task) -> list[object]:
    """Return what the task found, to be compared to the last bit."""
    summary = task.followed.summary()
    return [(each["id"], each["centre"], each["rows"]) for each in summary["clusters"]]


@pytest.mark.parametrize("act", ["paused", "stopped"])
def test_one_that_is_paused_while_it_follows_its_predecessor_tells_where_that_was(
    tmp_path: Path, act: str
) -> None:
    task = Task(tmp_path, KMEANS)
    fed(task, 10)
    last = finished(task)
    followed = task.assign("running")
    assert followed.is_behind
    task.told.clear()
    getattr(followed, act)()
    assert task.said("summary") == []
    task.turns()
    assert task.summary["row"] == task.end
    assert [(each["id"], each["centre"], each["rows"]) for each in task.summary["clusters"]] == last


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.algorithm.name)
@pytest.mark.parametrize("seed", range(2))
def test_after_deaths_at_any_moment_a_task_is_what_it_was(tmp_path: Path, wish: Wish, seed: int) -> None:
    task = Task(tmp_path, wish)
    fed(task, 30, dying=Random(seed))
    last, place = finished(task), place_of(task)
    events = task.events
    task.told.clear()
    task.assign("idle")
    task.turns()
    assert finished(task) == last
    assert place_of(task) == place
    assert set(task.events) <= set(events)


def test_a_run_to_a_goal_that_dies_on_the_way_ends_with_the_same_centres(tmp_path: Path) -> None:
    wish = a_wish(k=3, pace=Pace(iter=40, iter_freq=200))
    rows = blobs(2000, spread=3.0)
    tasks = [Task(tmp_path / name, wish) for name in ("whole", "dying")]
    for task in tasks:
        task.push(rows)
        task.play()
    tasks[0].turns()
    for _ in range(3):
        tasks[1].turns(0.03)
        tasks[1].followed.checkpoint()
        tasks[1].turns(0.02)
        tasks[1].assign("running")
    tasks[1].turns()
    assert tasks[1].summary["iterations"] == tasks[0].summary["iterations"] == 40
    assert tasks[1].summary["pushed"] == 2000
    np.testing.assert_array_equal(tasks[1].centres, tasks[0].centres)


def test_a_torn_state_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    task = Task(tmp_path, KMEANS)
    fed(task, 10)
    task.followed.checkpoint()
    fed(task, 10)
    task.followed.checkpoint()
    last = finished(task)
    newest = max((task.folder / "checkpoint").glob("*.npz"))
    newest.write_bytes(newest.read_bytes()[:100])
    task.assign("idle")
    task.turns()
    assert finished(task) == last


def test_a_torn_note_ends_the_journal_but_harms_nothing(tmp_path: Path) -> None:
    task = Task(tmp_path, KMEANS)
    fed(task, 10)
    journal = max((task.folder / "checkpoint").glob("*.turns"))
    journal.write_bytes(journal.read_bytes()[:-5])
    task.assign("running")
    task.turns()
    assert task.summary["row"] == task.end
    assert len(task.summary["clusters"]) == 3


def test_a_history_outlives_its_host(tmp_path: Path) -> None:
    task = Task(tmp_path, KMEANS)
    fed(task, 3)
    task.followed.checkpoint()
    before = orjson.loads(history(task.followed, {"limit": 100}, b"").payload)
    task.assign("idle")
    assert before
    assert orjson.loads(history(task.followed, {"limit": 100}, b"").payload)[: len(before) - 1] == before[:-1]


def test_only_two_states_are_kept(tmp_path: Path) -> None:
    task = Task(tmp_path, KMEANS)
    for _ in range(5):
        fed(task, 2)
        task.followed.checkpoint()
    assert len(list((task.folder / "checkpoint").glob("*.npz"))) == 2
    assert len(list((task.folder / "checkpoint").glob("*.turns"))) == 2


def test_a_large_frame_is_read_from_the_log_again(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3, frame_size=90_000))
    task.push(blobs(100_000))
    task.play()
    task.turns()
    task.followed.checkpoint()
    last = finished(task)
    assert max((task.folder / "checkpoint").glob("*.npz")).stat().st_size < 500_000
    assert task.said("checkpointed")[-1]["row"] == 10_000
    task.assign("idle")
    task.turns()
    assert finished(task) == last


def test_a_new_run_begins_with_the_rows_of_its_frame_and_counts_from_its_base(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3, frame_size=200, pace=Pace(iter=10)))
    task.push(blobs(500))
    task.play()
    task.turns()
    task.followed.begun_anew({"run": 2, "base": 500, "turn": 2})
    task.turns()
    assert task.said("ended")[-1] | {"op": 0} == task.said("ended")[-1] | {
        "op": 0, "run": 2, "state": "ready", "turn": 2, "error": None,
    }  # fmt: skip
    task.play(turn=3)
    task.turns()
    assert (task.summary["run"], task.summary["iterations"], task.summary["pushed"]) == (2, 10, 0)
    assert sum(each["rows"] for each in task.summary["clusters"]) == 200
