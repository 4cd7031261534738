"""Live tasks with real host processes: fed, played, asked, and followed on when a host is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from shoal.live.model import LiveTask, Pace, Summary, Wish
from shoal.live.states import State
from shoal.live.tasks import Live
from tests.support.followed import a_wish, blobs
from tests.support.live_home import Home, centres, hosts, settled, until
from tests.support.waiting import wait_until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def home(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("home"), sqlite_template)
    yield made
    made.close()


@pytest.fixture(scope="module")
def live(home: Home) -> Iterator[Live]:
    """Live tasks of all these tests: hosts take seconds to load what they need."""
    made = home.open()
    yield made
    made.close()


def test_a_task_is_fed_played_ended_asked_and_stopped(live: Live) -> None:
    async def story() -> None:
        task = await live.create("me", a_wish(k=3, pace=Pace(iter=20)))
        rows = blobs(600)
        assert (await live.push(task.id, rows)).rows == 600
        assert (await live.predict(task.id, rows[:2])).labels.tolist() == [-1, -1]
        await live.play(task.id)
        ended = await live.wait(task.id, 120)
        assert (ended.state, ended.error, ended.pushed) == (State.READY, None, 600)
        summary = await live.summary(task.id)
        assert summary is not None
        assert (summary.iterations, summary.row, summary.pushed) == (20, 600, 600)
        np.testing.assert_allclose(centres(summary), [[0, 0], [0, 10], [10, 0]], atol=0.2)
        assert {"inertia", "silhouette", "davies_bouldin", "duration"} <= set(summary.metrics)
        await asked(live, task, summary, rows)
        assert (await live.stop(task.id)).state is State.FINISHED
        assert set((await live.predict(task.id, rows)).labels.tolist()) == {0, 1, 2}

    asyncio.run(story())


async def asked(live: Live, task: LiveTask, summary: Summary, rows: Any) -> None:
    """Ask everything that can be asked of a task with three clusters."""
    predicted = await live.predict(task.id, rows)
    own = np.array([summary.clusters[label].centre for label in predicted.labels])
    assert predicted.distances is not None
    np.testing.assert_allclose(predicted.distances, np.linalg.norm(rows - own, axis=1), rtol=1e-9)
    soft = await live.predict(task.id, rows, soft=True)
    assert soft.shares is not None
    np.testing.assert_allclose(soft.shares.sum(axis=1), 1)
    assert (soft.shares.argmax(axis=1) == predicted.labels).all()
    points = await live.points(task.id, 0, 100)
    assert (points.first, points.next, points.rows.shape) == (500, 600, (100, 2))
    np.testing.assert_array_equal(points.labels, predicted.labels[500:])
    labels = await live.labels(task.id)
    np.testing.assert_array_equal(labels.rows, np.arange(600))
    np.testing.assert_array_equal(labels.labels, predicted.labels)
    assert (await live.history(task.id))[-1]["iterations"] == 20
    assert [event.kind for event in await live.events(task.id)] == ["birth"] * 3
    taken = await live.import_("me", await live.export(task.id), "again")
    np.testing.assert_array_equal((await live.predict(taken.id, rows)).labels, predicted.labels)


def test_one_row_and_play_gives_that_row_as_centre(live: Live) -> None:
    async def story() -> None:
        task = await live.create("me", Wish())
        await live.push(task.id, np.array([[7.2, 6.0, 8.0, 11.0, 10.0]]))
        await live.play(task.id)
        summary = await until(lambda: with_centres(live, task))
        assert centres(summary) == [[7.2, 6.0, 8.0, 11.0, 10.0]]
        assert (await live.get(task.id)).state is State.RUNNING

    asyncio.run(story())


async def with_centres(live: Live, task: LiveTask) -> Summary | None:
    """Return a summary that has centres."""
    summary = await live.summary(task.id)
    return summary if summary is not None and summary.clusters else None


def test_after_hosts_were_killed_a_task_has_the_centres_of_one_whose_host_lived(live: Live) -> None:
    async def story() -> None:
        wish = a_wish(k=3, frame_size=1000, pace=Pace(iter_freq=100.0))
        tasks = [await live.create("me", wish) for _ in range(2)]
        random = Random(1)
        for step in range(12):
            for task in tasks:
                await live.push(task.id, blobs(200, seed=step), key=f"push {step}")
                if step == 0:
                    await live.play(task.id)
            await asyncio.sleep(random.random() / 5)
            if step % 4 == 1:
                for pid in hosts(live):
                    os.kill(pid, signal.SIGKILL)
        first, second = [await settled(live, task) for task in tasks]
        np.testing.assert_allclose(centres(first), centres(second), rtol=0, atol=1e-9)
        counts = [(await live.get(task.id)).pushed for task in tasks]
        assert counts == [2400, 2400] == [first.pushed, second.pushed]
        births = [event.kind for event in await live.events(tasks[0].id)]
        assert births == ["birth"] * 3

    asyncio.run(story())


def test_a_paused_task_is_paused_after_its_host_was_killed(live: Live) -> None:
    async def story() -> None:
        task = await live.create("me", a_wish(k=3))
        rows = blobs(300)
        await live.push(task.id, rows)
        await live.play(task.id)
        before = await settled(live, task)
        await live.pause(task.id)
        for pid in hosts(live):
            os.kill(pid, signal.SIGKILL)
        labels = (await live.predict(task.id, rows)).labels
        assert set(labels.tolist()) == {0, 1, 2}
        assert (await live.get(task.id)).state is State.IDLE
        await live.play(task.id)
        after = await settled(live, task)
        assert centres(after) == centres(before)

    asyncio.run(story())


def test_fifty_tasks_run_at_once(live: Live) -> None:
    async def story() -> None:
        wish = a_wish("kmeans", k=3, pace=Pace(iter=30))
        tasks = await asyncio.gather(*(live.create("me", wish) for _ in range(50)))
        await asyncio.gather(*(live.push(task.id, blobs(200, seed=n)) for n, task in enumerate(tasks)))
        await asyncio.gather(*(live.play(task.id) for task in tasks))
        ended = await asyncio.gather(*(live.wait(task.id, 120) for task in tasks))
        assert {task.state for task in ended} == {State.READY}
        assert {(await live.summary(task.id)).iterations for task in tasks} == {30}  # type: ignore[union-attr]

    asyncio.run(story())


def test_what_cannot_be_done_fails_that_task_and_no_other(live: Live) -> None:
    async def story() -> None:
        good = await live.create("me", a_wish(k=3))
        bad = await live.create("me", a_wish("mcmc", method="no such method"))
        for task in (good, bad):
            await live.push(task.id, blobs(100))
            await live.play(task.id)

        async def failed() -> bool:
            return (await live.get(bad.id)).state is State.FINISHED

        await until(failed)
        error = (await live.get(bad.id)).error
        assert error is not None
        assert "no such method" in error.message
        assert len((await settled(live, good)).clusters) == 3
        assert (await live.get(good.id)).state is State.RUNNING

    asyncio.run(story())


def test_a_changed_wish_is_taken_before_the_next_turn(live: Live) -> None:
    async def story() -> None:
        task = await live.create("me", a_wish(k=3))
        await live.push(task.id, blobs(300))
        await live.play(task.id)
        await settled(live, task)
        for wish, k in ((a_wish(k=2), 2), (a_wish("mcmc"), 3), (a_wish("streaming"), 3)):
            await live.reconfigure(task.id, wish)

            async def changed(k: int = k, name: str = wish.algorithm.name) -> bool:
                summary = await live.summary(task.id)
                return summary is not None and len(summary.clusters) == k and name_is(summary, name)

            await until(changed)

    asyncio.run(story())


def name_is(summary: Summary, name: str) -> bool:
    """Say whether figures are those of an algorithm."""
    own = {"mcmc": "rho", "streaming": "micros"}.get(name, "inertia")
    return own in summary.metrics


def test_hosts_end_with_the_office_and_lose_nothing(home: Home, live: Live) -> None:
    async def story() -> tuple[LiveTask, list[list[float]]]:
        task = await live.create("me", a_wish(k=3))
        await live.push(task.id, blobs(300))
        await live.play(task.id)
        return task, centres(await settled(live, task))

    task, before = asyncio.run(story())
    pids = hosts(live)
    live.close()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    again = home.open()
    try:
        again.start()
        assert centres(asyncio.run(again.summary(task.id))) == before
        assert centres(asyncio.run(settled(again, task))) == before
    finally:
        again.close()
