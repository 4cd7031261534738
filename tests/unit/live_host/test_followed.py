"""A followed task runs as it is asked to, ends when it should, and tells what it finds."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest

from shoal.live.model import Pace
from tests.support.followed import Task, a_wish, blobs

EIGHT = [
    [7.2, 6, 8, 11, 10], [-8, -10.5, -7, -8.5, -9], [42, 41.2, 42, 40.2, 45], [9, 8, 7, 7.5, 10],
    [7.2, 6, 8, 11, 10], [-9, -10, -8, -8, -7.5], [42, 41.2, 42.2, 40.2, 45], [50, 51.2, 49, 40, 45.2],
]  # fmt: skip


def test_the_centres_of_the_eight_rows_are_exact(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3, init="given", pace=Pace(iter=20)))
    task.push(EIGHT)
    task.play()
    task.turns()
    wanted = [
        [-8.5, -10.25, -7.5, -8.25, -8.25], [7.8, 20 / 3, 23 / 3, 59 / 6, 10],
        [134 / 3, 133.6 / 3, 44.4, 120.4 / 3, 135.2 / 3],
    ]  # fmt: skip
    np.testing.assert_allclose(task.centres, wanted, rtol=0, atol=1e-9)
    assert sorted(each["rows"] for each in task.summary["clusters"]) == [2, 3, 3]


def test_a_run_ends_at_exactly_as_many_iterations_as_iter_and_rows_ask_for(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3, pace=Pace(iter=20, iter_per_data=1)))
    task.push(blobs(10))
    task.play()
    task.turns()
    assert (task.summary["iterations"], task.followed.state) == (30, "ready")
    task.push(blobs(100, seed=1))
    task.play(turn=2)
    task.turns()
    assert (task.summary["iterations"], task.summary["pushed"]) == (130, 110)
    assert [(each["state"], each["turn"], each["error"]) for each in task.said("ended")] == [
        ("ready", 1, None),
        ("ready", 2, None),
    ]


@pytest.mark.parametrize(
    ("until", "iterations"),
    [
        ("iterations >= 25 and settled", 25),
        ("iterations > 25 or rows > 40", 26),
        ("clusters > 9 or iterations >= 7", 7),
    ],
)
@pytest.mark.parametrize("by_row", [False, True])
def test_a_run_ends_at_exactly_the_iteration_of_its_own_condition(
    tmp_path: Path, until: str, iterations: int, by_row: bool
) -> None:
    more: dict[str, Any] = {"method": "original"} if by_row else {"k": 3}
    task = Task(tmp_path, a_wish("streaming" if by_row else "kmeans", Pace(until=until), **more))
    task.push(blobs(10 if not by_row else 40))
    task.play()
    task.turns()
    assert (task.summary["iterations"], task.followed.state) == (iterations, "ready")


def test_a_run_without_rows_waits_and_begins_with_the_first(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3, pace=Pace(iter=5)))
    task.play()
    task.turns(0.5)
    assert (task.summary["iterations"], task.summary["clusters"]) == (0, [])
    assert task.followed.state == "running"
    task.push([[1.0, 2.0]])
    task.turns()
    assert [each["centre"] for each in task.summary["clusters"]] == [[1.0, 2.0]]
    assert task.said("ended")[-1]["state"] == "ready"


def test_an_endless_run_that_has_settled_sleeps_until_rows_come(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3))
    task.push(blobs(300))
    task.play()
    task.turns(10)
    assert task.followed.due(monotonic()) > monotonic() + 3600
    before = task.summary["iterations"]
    task.push(blobs(30, seed=1))
    task.turns(10)
    assert task.summary["iterations"] > before
    assert task.summary["row"] == 330


def test_a_run_whose_time_is_over_is_finished_with_timeout(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3))
    task.play(timeout=0.05)
    task.turns(10)
    ended = task.said("ended")[-1]
    assert (ended["state"], ended["error"]["code"]) == ("finished", "timeout")


@pytest.mark.parametrize(("pace", "most"), [(Pace(iter_freq=50.0), 30), (Pace(), 10**9)])
def test_turns_are_no_more_in_a_second_than_asked(tmp_path: Path, pace: Pace, most: int) -> None:
    task = Task(tmp_path, a_wish("kmeans", k=3, pace=Pace(iter=10**6, iter_freq=pace.iter_freq)))
    task.push(blobs(100))
    task.play()
    task.turns(0.5)
    assert 0 < task.followed.summary()["iterations"] <= most


def test_rows_are_taken_no_faster_than_asked(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3, pace=Pace(data_freq=100.0)))
    task.push(blobs(1000))
    task.play()
    task.turns(0.5)
    assert 20 <= task.followed.summary()["row"] <= 80


def test_a_task_that_fails_ends_with_an_error_and_raises_nothing(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3))
    task.push([[1.0, 2.0], [3.0, 4.0]])
    task.play()
    task.turns()
    task.push([[1.0, 2.0, 3.0]])
    task.turns()
    ended = task.said("ended")[-1]
    assert ended["state"] == "finished"
    assert ended["error"]["message"]
    assert "Traceback" in task.logged[-1]


def test_clusters_keep_their_ids_while_rows_move(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3, frame_size=300))
    task.push(blobs(300))
    task.play()
    task.turns()
    ids = {tuple(np.round(each["centre"])): each["id"] for each in task.summary["clusters"]}
    for step in range(1, 6):
        shift = 0.2 * step
        task.push(blobs(300, np.array([(0, 0), (10, 0), (0, 10)]) + shift, seed=step))
        task.turns()
    moved = {tuple(np.round(np.array(each["centre"]) - 1)): each["id"] for each in task.summary["clusters"]}
    assert moved == ids
    assert {kind for _, kind in task.events} <= {"birth", "drift"}


def test_of_a_frame_that_is_replaced_one_drift_is_told(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3, frame_size=900))
    task.play()
    for step in range(10):
        task.push(blobs(900, seed=step))
        task.turns()
    assert [kind for _, kind in task.events if kind == "drift"] == []
    moved = np.array([(100, 100), (110, 100), (100, 110)])
    for step in range(5):
        task.push(blobs(900, moved, seed=step))
        task.turns()
    np.testing.assert_allclose(task.centres, sorted(moved.tolist()), atol=0.2)
    assert [kind for _, kind in task.events if kind == "drift"] == ["drift"]


def test_summaries_are_told_at_most_ten_times_a_second(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish(k=3))
    task.push(blobs(10))
    task.play()
    task.turns()
    task.told.clear()
    began = monotonic()
    while len(task.said("summary")) < 5 and monotonic() - began < 30:
        task.push(blobs(10))
        task.turns(0.02)
    assert 5 <= len(task.said("summary")) <= 10 * (monotonic() - began) + 2


def test_specks_use_up_no_numbers(tmp_path: Path) -> None:
    task = Task(tmp_path, a_wish("mcmc", frame_size=600))
    task.play()
    random = np.random.default_rng(2)
    for part in range(30):
        far = random.uniform(100, 900, (2, 2))
        task.push(np.vstack([blobs(98, seed=part), far]))
        task.turns(5, until=lambda: any(one["row"] == task.end for one in task.said("summary")))
    born = [each["detail"]["cluster"] for each in task.said("event") if each["kind"] == "birth"]
    assert sorted(born) == [1, 2, 3]
    # Sixty specks came, twelve at a time are in the frame.
    assert max(each["id"] for each in task.summary["clusters"]) <= 3 + 2 * 12
