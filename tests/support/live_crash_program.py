"""Three live tasks, for tests that kill somebody at a named moment: one runs, one is paused, one ends.

It can be begun again after any death, and ends when all three are where they should be.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import shoal.live.host.process  # noqa: F401  (imported once, before each program is forked)
from shoal.base.settings import Settings, load_settings
from shoal.live.log.reader import Reader
from shoal.live.model import Algorithm, LiveTask, Pace, Wish
from shoal.live.states import State
from shoal.live.tasks import Live
from shoal.server.house import House
from tests.support.followed import blobs
from tests.support.live_home import centres, settled, until

BATCHES, EACH, FRAME, TURNS = 30, 60, 1000, 20
RUNS, RESTS, ENDS = "runs", "rests", "ends"
WISH = Wish(algorithm=Algorithm("kmeans", k=3, frame_size=FRAME), pace=Pace(iter_freq=100.0))
WISHES = {RUNS: WISH, RESTS: WISH, ENDS: replace(WISH, pace=Pace(iter=TURNS))}


def main(folder: Path, url: str) -> None:
    """Bring the tasks to where they should be."""
    with House(settings(folder)) as house:
        asyncio.run(_work(house.live))


def settings(folder: Path) -> Settings:
    """Return the settings of the program's home."""
    return load_settings({"home": folder / "home", "live": {"hosts": 1, "checkpoint": 0.05}})


def rows() -> NDArray[np.float64]:
    """Return the rows of every task."""
    return blobs(BATCHES * EACH, seed=7)


def verify(folder: Path) -> None:
    """Every row is there once; states, counts and centres are those of an undisturbed run."""
    with House(settings(folder)) as house:
        tasks = asyncio.run(_found(house.live))
        found = {name: (task.state, task.error, task.run, task.pushed) for name, task in tasks.items()}
        assert found == {
            RUNS: (State.RUNNING, None, 1, BATCHES * EACH),
            RESTS: (State.IDLE, None, 1, BATCHES * EACH),
            ENDS: (State.READY, None, 1, BATCHES * EACH),
        }
        for task in tasks.values():
            chunks = Reader(house.home.live / task.id / "log").read(0, 1 << 40)
            np.testing.assert_array_equal(np.concatenate([chunk.rows for chunk in chunks]), rows())
        asyncio.run(_verify_found(house.live, tasks))


async def _verify_found(live: Live, tasks: dict[str, LiveTask]) -> None:
    np.testing.assert_allclose(centres(await settled(live, tasks[RUNS])), _means(), rtol=0, atol=1e-9)
    ended = await live.summary(tasks[ENDS].id)
    assert ended is not None
    assert ended.iterations == TURNS
    np.testing.assert_allclose(centres(ended), _means(), rtol=0, atol=1e-9)
    for task in tasks.values():
        assert [event.kind for event in await live.events(task.id)] == ["birth"] * 3


def _means() -> NDArray[np.float64]:
    """Return the means of the blobs in the frame, sorted: where K-Means comes to rest."""
    frame = rows()[-FRAME:]
    blob = np.round(frame / 10) @ [1, 2]
    return np.array(sorted(frame[blob == each].mean(axis=0).tolist() for each in range(3)))


async def _found(live: Live) -> dict[str, LiveTask]:
    return {task.wish.name: await live.get(task.id) for task in await live.find()}


async def _work(live: Live) -> None:
    await asyncio.gather(_run(live), _rest(live), _end(live))


async def _run(live: Live) -> None:
    task = await _made(live, RUNS)
    if task.state is State.CREATED:
        await live.play(task.id)
    await _push(live, task)
    await settled(live, task)


async def _rest(live: Live) -> None:
    task = await _made(live, RESTS)
    await _push(live, task)
    if task.state is State.CREATED:
        task = await live.play(task.id)
    if task.state in (State.INITIALIZING, State.RUNNING):
        await _is(live, task, State.RUNNING)
        await settled(live, task)
        await live.pause(task.id)


async def _end(live: Live) -> None:
    task = await _made(live, ENDS)
    await _push(live, task)
    if task.state is State.CREATED:
        await live.play(task.id)
    await _is(live, task, State.READY)


async def _made(live: Live, name: str) -> LiveTask:
    return await live.create("local", replace(WISHES[name], name=name), key=name)


async def _push(live: Live, task: LiveTask) -> None:
    for batch, piece in enumerate(np.split(rows(), BATCHES)):
        await live.push(task.id, piece, key=f"b{batch}")
        await asyncio.sleep(0.01)


async def _is(live: Live, task: LiveTask, state: State) -> None:
    async def there() -> bool:
        return (await live.get(task.id)).state is state

    await until(there, 60)
