"""Live tasks from Python: the same words, blocking and awaited, against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.client import AsyncClient, Client, ending
from shoal.client.live_task import LiveTask
from tests.support.server import Served, running_server

RNG = np.random.default_rng(0)
BLOBS = np.vstack([RNG.normal(place, 0.2, (30, 2)) for place in (0, 5, 10)])
COMPILING = 180.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("live") / "home") as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as opened:
        yield opened


def made(client: Client, name: str = "", **options: Any) -> LiveTask:
    wish: dict[str, Any] = {"k": 3, "iter": 20, "columns": ["x", "y"]}
    return client.live.create(name, "kmeans", **(wish | options))


def test_a_task_is_made_fed_waited_for_and_asked(client: Client) -> None:
    task = made(client, "birds")
    frame = pd.DataFrame({"y": BLOBS[:, 1], "x": BLOBS[:, 0], "note": 1})
    assert task.push(frame, key="a").duplicate is False
    assert task.push(frame, key="a").duplicate is True
    task.play().wait(timeout=COMPILING)
    assert (task.state, task.name, task.refresh().facts["rows"]) == ("ready", "birds", 90)
    centers = task.centers()
    assert sorted(round(one["centre"][0]) for one in centers) == [0, 5, 10]
    assert len({*task.predict([[0, 0], [5, 5], [10, 10]])["labels"]}) == 3
    assert len(task.predict(BLOBS, soft=True)["shares"]) == 90
    assert len(task.labels()["labels"]) == 90
    assert task.labels("csv").startswith(b'"row"')
    assert len(task.points()) == 24 + 90 * 12
    assert [event["kind"] for event in task.events()] == ["birth"] * 3
    assert task.history(metrics=["inertia"])["history"]
    assert [found.id for found in client.live.find(q="birds")] == [task.id]
    assert client.live.get("last").id == task.id
    task.remove()
    with pytest.raises(NotFound):
        task.refresh()


def test_an_export_is_loaded_and_a_copy_is_another(client: Client) -> None:
    task = client.live.play("one", "kmeans", k=3, iter=5)
    task.push(BLOBS)
    task.wait(timeout=COMPILING)
    loaded = client.live.load(task.export(), name="two")
    np.testing.assert_allclose(loaded.predict(BLOBS)["distances"], task.predict(BLOBS)["distances"])
    copied = task.copy("three")
    assert (copied.name, copied.facts["rows"], copied.id != task.id) == ("three", 90, True)
    with pytest.raises(InvalidInput):
        client.live.load(b"PK\x03\x04 no more")


def test_rows_are_clustered_in_one_call(client: Client) -> None:
    done = client.live.batch(BLOBS.tolist(), "kmeans", k=3, iter=10)
    assert (done.state, len(done.centers())) == ("finished", 3)
    with pytest.raises(Conflict) as refused:
        client.live.batch(BLOBS, "kmeans", k=3)
    assert refused.value.error_code == "never_finish"


def test_what_is_asked_for_changes_and_faults_are_named(client: Client) -> None:
    task = made(client)
    assert task.reconfigure(name="b", k=2, iter=7).facts["wish"]["algorithm"]["k"] == 2
    with pytest.raises(InvalidInput) as refused:
        task.reconfigure(k=-1)
    assert [fault["pointer"] for fault in refused.value.details["errors"]] == ["/algorithm/k"]
    with pytest.raises(InvalidInput, match="Row 2") as rows:
        task.push([[1, 2], [3, "red"]])
    assert rows.value.details["row"] == 1
    with pytest.raises(Conflict) as act:
        task.pause()
    assert act.value.error_code == "not_running"


def test_a_run_ends_by_a_condition_of_ones_own(client: Client) -> None:
    enough = (ending.rows >= 90) & ending.settled | (ending.iterations >= 10**6)
    task = made(client, iter=0, until=enough)
    task.push(BLOBS[:60])
    task.play()
    task.push(BLOBS[60:])
    task.wait(timeout=COMPILING)
    assert (task.state, task.facts["pushed"]) == ("ready", 90)
    task.reconfigure(until=ending.rows > 90).play()
    task.push([[0, 0]])
    assert task.wait(timeout=60).state == "ready"
    with pytest.raises(InvalidInput) as refused:
        task.reconfigure(until="rows >= 9 and __import__('os')")
    assert "pace/until" in str(refused.value.details["errors"])
    assert task.refresh().facts["wish"]["pace"]["until"] == "rows > 90"


def test_a_task_runs_within_its_block_and_is_stopped_after_it(client: Client) -> None:
    with pytest.raises(ZeroDivisionError), made(client, iter=0, until=ending.settled) as task:
        task.push(BLOBS)
        assert task.wait(timeout=COMPILING).state == "ready"
        raise ZeroDivisionError
    assert task.refresh().state == "finished"
    assert len(task.centers()) == 3
    with task:
        task.stop()
    with client.live.play("gone", "kmeans", k=3, columns=["x", "y"]) as gone:
        gone.remove()

    async def awaited() -> str:
        async with AsyncClient(client.url) as other, await other.live.get(task.id) as again:
            assert again.state in ("initializing", "running")
        return again.state

    assert asyncio.run(awaited()) == "finished"


def test_waiting_ends_with_the_time(client: Client) -> None:
    task = client.live.play("slow", "kmeans", k=2, iter=1)
    with pytest.raises(TimeoutError):
        task.wait(timeout=0.3)


def test_a_watcher_sees_what_moves_and_the_end(client: Client, server: Served) -> None:
    task = client.live.play("watched", "kmeans", k=3, frame_size=60)
    with Client(server.url) as other:
        watched = other.live.get(task.id)
        seen = [next(updates := watched.watch())]
        task.push(BLOBS)
        for update in updates:
            seen.append(update)
            if len(update.clusters) == 3 and any(one.event for one in seen):
                break
        assert seen[-1].state == "running"
        task.remove()
        assert all(update.task["id"] == task.id for update in updates)


def test_the_same_is_awaited(server: Served) -> None:
    async def use() -> None:
        async with AsyncClient(server.url) as client:
            task = await client.live.play("async", "kmeans", k=3, iter=5)
            pushed = await task.push(BLOBS)
            assert (pushed.first, pushed.rows) == (0, 90)
            await task.wait(timeout=COMPILING)
            assert len(await task.centers()) == 3
            async for update in task.watch():
                assert update.state == "ready"
                break
            assert task.id in [found.id async for found in client.live]
            await task.remove()

    asyncio.run(use())
