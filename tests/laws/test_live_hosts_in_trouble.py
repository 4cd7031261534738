"""Hosts that hang, die, or are overworked: their tasks go on, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import psutil
import pytest

from shoal.base.errors import InvalidInput
from shoal.base.faults import fault_point
from shoal.jobs.store import cancelling
from shoal.live.errors import Busy
from shoal.live.model import LiveTask, Pace, Wish
from shoal.live.office import following, hosting, office
from shoal.live.states import State
from shoal.live.tasks import Live
from tests.support.followed import a_wish, blobs
from tests.support.live_home import Home, centres, host_of, hosts, settled, until

pytestmark = pytest.mark.timeout(240)
CANCEL = fault_point("tests.live_hosts", "A test cancels the jobs of hosts.")
FOUND = [[0, 0], [0, 10], [10, 0]]
ROUGH = blobs(2400, seed=3, spread=1.5)


@pytest.fixture(scope="module")
def home(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("home"), sqlite_template)
    yield made
    made.close()


@pytest.fixture(scope="module")
def live(home: Home) -> Iterator[Live]:
    """Live tasks on two hosts, with little patience for one that hangs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hosting, "HUNG", 3.0)
        patch.setattr(office, "OVERDUE", 500_000)
        made = home.open()
        yield made
        made.close()


async def playing(live: Live, wish: Wish | None = None, rows: Any = None) -> LiveTask:
    """Return a task that was told to run."""
    task = await live.create("me", wish or a_wish(k=3))
    await live.push(task.id, blobs(300) if rows is None else rows)
    return await live.play(task.id)


async def is_right(live: Live, task: LiveTask) -> None:
    """Pass when a running task has found the three blobs."""
    found = sorted(np.round(centres(await settled(live, task)), -1).tolist())
    assert found == FOUND
    assert (await live.get(task.id)).state is State.RUNNING


async def when(true: Callable[[], Any], seconds: float = 60.0) -> None:
    async def tell() -> bool:
        return bool(true())

    await until(tell, seconds)


async def followed(live: Live, task: LiveTask) -> int:
    """Wait until a host follows a task; return its process' id."""
    await when(lambda: host_of(live, task))
    return host_of(live, task) or 0


async def ended(live: Live, task: LiveTask) -> LiveTask:
    async def tell() -> LiveTask | None:
        found = await live.get(task.id)
        return found if found.state is State.FINISHED else None

    found: LiveTask = await until(tell)
    return found


def shards(live: Live) -> list[int]:
    """Return the ids of the processes among which hosts have spread rows."""
    children = [child for pid in hosts(live) for child in psutil.Process(pid).children()]
    alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
    return [child.pid for child in alive if "shoal.live.host.shard" in child.cmdline()]


def kill(pid: int, signum: signal.Signals) -> None:
    """Send a signal to a process that may have died."""
    with suppress(ProcessLookupError):
        os.kill(pid, signum)


async def took(work: Awaitable[Any]) -> float:
    began = monotonic()
    await work
    return monotonic() - began


def test_rows_of_a_task_that_never_ran_need_no_host(live: Live) -> None:
    async def story() -> None:
        task, empty = await live.create("me", Wish()), await live.create("me", Wish())
        await live.push(task.id, blobs(20))
        points = await live.points(task.id, 5, 10)
        assert (points.first, points.next, points.rows.shape) == (10, 20, (10, 2))
        np.testing.assert_array_equal(points.rows, blobs(20)[10:].astype(np.float32))
        assert points.labels.tolist() == [-1] * 10
        assert len((await live.points(empty.id)).rows) == 0
        series = await live.create("me", a_wish(space="series"))
        await live.push(series.id, [np.array([[1.0, 2.0], [3.0, 4.0]])])
        assert (await live.points(series.id)).rows.tolist() == [[2.0, 3.0]]
        assert not live._office.hosts.started

    asyncio.run(story())


def test_many_shards_that_begin_keep_nobody_waiting(live: Live) -> None:
    async def story() -> None:
        other = await playing(live)
        await is_right(live, other)
        task = await playing(live, replace(a_wish(k=3), shards=32))
        await followed(live, task)
        for _ in range(10):
            for one in (task, other):
                assert await took(live.points(one.id)) < 5
        await is_right(live, task)
        await live.stop(task.id)

    asyncio.run(story())


def test_shards_that_are_killed_are_there_again_and_centres_are_those_of_one_host(live: Live) -> None:
    async def story() -> None:
        wish = a_wish(k=3, frame_size=2000)
        whole, spread = [await playing(live, replace(wish, shards=n), ROUGH[:600]) for n in (1, 2)]
        killed: set[int] = set()
        for step in range(60):
            for task in (whole, spread):
                await live.push(task.id, ROUGH[600 + 30 * step :][:30])
            first, second = [centres(await settled(live, task)) for task in (whole, spread)]
            np.testing.assert_allclose(second, first, rtol=0, atol=1e-9)
            there = sorted(set(shards(live)) - killed)
            if len(there) == 2 and len(killed) == 2:
                return
            if len(there) == 2:
                killed.add(there[0])
                kill(there[0], signal.SIGKILL)
            await asyncio.sleep(0.1)  # They begin while nobody waits for them.
        raise AssertionError("killed shards did not come again")

    asyncio.run(story())


def test_a_host_that_hangs_is_replaced_and_who_asks_it_is_told(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "ANSWER", 1.0)

    async def story() -> None:
        tasks = [await playing(live) for _ in range(2)]
        for task in tasks:
            await is_right(live, task)
        pid = await followed(live, tasks[0])
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(Busy) as busy:
            await live.points(tasks[0].id)
        assert (busy.value.error_code, busy.value.status, busy.value.details["retry_after"]) == (
            "live_host_busy",
            503,
            5,
        )
        for task in tasks:
            await live.push(task.id, blobs(50, seed=1))
        await when(lambda: host_of(live, tasks[0]) not in (None, pid))
        for task in tasks:
            await is_right(live, task)
            assert (await live.get(task.id)).pushed == 350

    asyncio.run(story())


def test_a_run_that_no_host_ends_in_time_is_ended(live: Live) -> None:
    async def story() -> None:
        task = await playing(live, a_wish(k=3, pace=Pace(timeout=1.0)))
        pid = await followed(live, task)
        os.kill(pid, signal.SIGSTOP)
        found = await ended(live, task)
        assert found.error is not None
        assert found.error.code == "timeout"
        kill(pid, signal.SIGCONT)
        again = await live.play(task.id)
        assert again.run == 2
        assert (await ended(live, task)).run == 2

    asyncio.run(story())


def test_tasks_are_spread_over_the_hosts_that_are_there(live: Live) -> None:
    async def story() -> None:
        tasks = [await playing(live) for _ in range(6)]
        for task in tasks:
            await is_right(live, task)
        before = [centres(await live.summary(task.id)) for task in tasks]
        gone = await followed(live, tasks[0])
        os.kill(gone, signal.SIGKILL)
        pushed = [await live.push(task.id, blobs(10), key="k") for task in tasks]
        assert [each.first for each in pushed] == [300] * 6
        await when(lambda: len(hosts(live)) == 2 and gone not in hosts(live))

        def is_even() -> bool:
            each = sorted(len(line.tasks) for line in live._office.following.roster)
            return each[-1] - each[0] < 2

        await when(is_even)
        for task, old in zip(tasks, before, strict=True):
            await is_right(live, task)
            np.testing.assert_allclose(centres(await live.summary(task.id)), old, atol=0.2)
            assert (await live.get(task.id)).pushed == 310
            assert [event.kind for event in await live.events(task.id)] == ["birth"] * 3

    asyncio.run(story())


def test_a_task_that_kills_every_host_is_ended_and_no_other(live: Live) -> None:
    async def story() -> None:
        good = [await playing(live) for _ in range(4)]
        for task in good:
            await is_right(live, task)
        bad = await playing(live)

        async def kills() -> None:
            while True:
                if (pid := host_of(live, bad)) is not None:
                    kill(pid, signal.SIGKILL)
                    await when(lambda: host_of(live, bad) != pid)
                await asyncio.sleep(0.01)

        killing = asyncio.create_task(kills())
        found = await ended(live, bad)
        killing.cancel()
        assert found.error is not None
        assert found.error.code == "live_host_died"
        for task in good:
            await is_right(live, task)

    asyncio.run(story())


def test_hosts_whose_jobs_were_cancelled_begin_again(home: Home, live: Live) -> None:
    async def story() -> None:
        task = await playing(live)
        await is_right(live, task)
        before = set(live._office.following.roster)
        home.database.write(CANCEL, partial(cancelling.cancel, ids=live._office.hosts._ids))
        await when(lambda: len(hosts(live)) == 2 and not before & set(live._office.following.roster))
        await live.push(task.id, blobs(50, seed=1))
        await is_right(live, task)

    asyncio.run(story())


@pytest.mark.parametrize(
    "wish",
    [
        a_wish("mcmc", method="no such method"),
        a_wish("mcmc", shape=""),
        replace(a_wish("mcmc"), shards=2),
        a_wish(k=2, init="given", given=((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))),
        a_wish(space="series"),
        replace(a_wish(), columns=("x", "y"), variables=("z",)),
        replace(a_wish(), columns=("x", "y", "z")),
    ],
    ids=["method", "shape", "shards", "given", "space", "variables", "columns"],
)
def test_a_wish_that_cannot_be_is_refused_and_the_task_goes_on(live: Live, wish: Wish) -> None:
    async def story() -> None:
        task = await playing(live)
        await is_right(live, task)
        with pytest.raises(InvalidInput):
            await live.reconfigure(task.id, wish)
        assert (await live.get(task.id)).wish == task.wish
        await live.push(task.id, blobs(50, seed=1))
        await is_right(live, task)
        assert (await live.predict(task.id, blobs(3))).labels.min() >= 0
        await live.delete(task.id)

    asyncio.run(story())
