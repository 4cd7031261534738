"""A task whose rows are spread over processes finds what one process finds, also when some are killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from shoal.clustering.frame_kmeans import FrameKMeans
from shoal.live.host import estimators
from shoal.live.host.sharded import ShardedKMeans
from shoal.live.model import Algorithm, Pace, Wish
from tests.support.followed import Task, blobs
from tests.support.waiting import wait_until


@pytest.fixture
def sharded() -> Iterator[ShardedKMeans]:
    made = ShardedKMeans(4, frame_size=700, random_state=3, shards=3)
    yield made
    made.close()


def test_centres_are_those_of_one_process_at_every_step(sharded: ShardedKMeans) -> None:
    whole = FrameKMeans(4, frame_size=700, random_state=3)
    for step in range(12):
        rows = blobs(50 + 170 * (step % 3), seed=step, spread=3.0)
        for model in (whole, sharded):
            model.absorb(rows)
            model.iterate()
        if step in (0, 3, 8):
            wait_until(lambda: sharded.is_spread)
        if step in (4, 9):
            os.kill(sharded.pids[step % 3], signal.SIGKILL)
        np.testing.assert_allclose(sharded.cluster_centers_, whole.cluster_centers_, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(sharded.labels_, whole.labels_)
        np.testing.assert_array_equal(sharded.counts_, whole.counts_)
    assert sharded.inertia_ == pytest.approx(whole.inertia_, rel=1e-12)


def test_nobody_waits_for_many_processes_that_begin_nor_for_one_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shoal.live.host.crew._PATIENCE", 0.5)
    whole, made = FrameKMeans(4, random_state=3), ShardedKMeans(4, random_state=3, shards=64)
    sharded = ShardedKMeans(4, random_state=3, shards=2)
    try:
        began = monotonic()
        for model in (whole, made, sharded):
            model.absorb(blobs(500, spread=3.0))
            model.iterate()
        np.testing.assert_allclose(made.cluster_centers_, whole.cluster_centers_, rtol=0, atol=1e-9)
        assert monotonic() - began < 5
        made.close()
        wait_until(lambda: sharded.is_spread)
        os.kill(hung := sharded.pids[0], signal.SIGSTOP)
        for model in (whole, sharded):
            model.iterate()
        np.testing.assert_allclose(sharded.cluster_centers_, whole.cluster_centers_, rtol=0, atol=1e-9)
        wait_until(lambda: sharded.is_spread)
        assert hung not in sharded.pids
    finally:
        made.close()
        sharded.close()


def test_a_task_with_shards_is_followed_on_and_ends_its_processes(tmp_path: Path) -> None:
    algorithm = Algorithm(name="kmeans", k=3)
    tasks = [
        Task(tmp_path / str(shards), Wish(algorithm=algorithm, pace=Pace(iter=15), shards=shards))
        for shards in (1, 2)
    ]
    for task in tasks:
        task.push(blobs(500, spread=3.0))
        task.play()
        task.turns()
        task.followed.checkpoint()
    np.testing.assert_allclose(tasks[1].centres, tasks[0].centres, rtol=0, atol=1e-9)
    task = tasks[1]
    task.followed.close()
    task.assign("ready")
    task.turns()
    np.testing.assert_allclose(task.centres, tasks[0].centres, rtol=0, atol=1e-9)
    task.followed.close()


@pytest.mark.parametrize(
    ("pace", "algorithm", "processes"),
    [
        (Pace(iter=15, parallel=True, num_cpu=2), Algorithm(name="kmeans", k=3), 2),
        (Pace(iter=15, parallel=True, num_cpu=1), Algorithm(name="kmeans", k=3), 1),
        (Pace(iter=15, parallel=True, num_cpu=2000), Algorithm(name="kmeans", k=3), 64),
        (Pace(iter=15, num_cpu=2), Algorithm(name="kmeans", k=3), 1),
        (Pace(iter=15, parallel=True, num_cpu=2), Algorithm(), 1),
    ],
)
def test_parallel_spreads_a_task_over_so_many_processors_where_that_can_be(
    pace: Pace, algorithm: Algorithm, processes: int
) -> None:
    wish = Wish(algorithm=algorithm, pace=pace)
    assert estimators.shards_of(wish) == processes
    assert isinstance(estimators.built(wish), ShardedKMeans) is (processes > 1)
    assert estimators.shards_of(estimators.alone(wish)) == 1
    assert estimators.shards_of(replace(wish, shards=3)) == 3


def test_all_processors_are_meant_when_no_number_is_given() -> None:
    wish = Wish(algorithm=Algorithm(name="kmeans"), pace=Pace(parallel=True))
    assert estimators.shards_of(wish) == min(64, max(2, os.cpu_count() or 2))


@pytest.mark.parametrize(
    "algorithm", [Algorithm(), Algorithm(name="streaming"), Algorithm(name="kmeans", flow=True)]
)
def test_what_cannot_be_summed_apart_is_refused(tmp_path: Path, algorithm: Algorithm) -> None:
    task = Task(tmp_path, Wish(algorithm=algorithm, shards=2))
    assert task.said("ended")[-1]["error"]["code"] == "shards_not_possible"
