"""Two live tasks, for tests that kill whoever follows them: one gets rows under keys, the other is paused.

It can be begun again after any death. What was acknowledged stands in the file `acknowledged`, a line each.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np

import shoal.live.host.process  # noqa: F401  (imported once, before each program is forked)
from shoal.base.settings import Settings, load_settings
from shoal.live.errors import RowsWaiting
from shoal.live.model import Algorithm, LiveTask, Pace, Wish
from shoal.live.states import State
from shoal.live.tasks import Live
from shoal.server.house import House

BATCHES, EACH, AT_ONCE = 500, 100, 2
RUNS, RESTS = "runs", "rests"
WISH = Wish(algorithm=Algorithm("kmeans", k=3, frame_size=1000), pace=Pace(iter_freq=20.0))


def main(folder: Path, url: str) -> None:
    """Push every batch that was not acknowledged, and wait until the task has read them all."""
    with House(settings(folder)) as house:
        asyncio.run(_work(house.live, folder))


def settings(folder: Path) -> Settings:
    """Return the settings of the program's home."""
    return load_settings({"home": folder / "home", "live": {"hosts": 1, "checkpoint": 0.3}})


def acknowledged(folder: Path) -> list[int]:
    """Return the batches that were acknowledged, in order."""
    path = folder / "acknowledged"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def rows_of(batch: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the rows of a batch: its number and theirs."""
    return np.column_stack([np.full(EACH, float(batch)), np.arange(float(EACH))])


async def _work(live: Live, folder: Path) -> None:
    runs, rests = await _played(live, RUNS), await _played(live, RESTS)
    done = set(acknowledged(folder))
    left = deque(batch for batch in range(BATCHES) if batch not in done)
    with (folder / "acknowledged").open("ab", buffering=0) as file:
        pushes = [_push(live, runs.id, left, file.fileno()) for _ in range(AT_ONCE)]
        await asyncio.gather(_rest(live, rests), *pushes)
    await _read_all(live, runs.id)


async def _played(live: Live, name: str) -> LiveTask:
    """Return a task that was told to run, now or before."""
    task = await live.create("local", replace(WISH, name=name), key=name)
    return await live.play(task.id) if task.state is State.CREATED else task


async def _rest(live: Live, task: LiveTask) -> None:
    """Let a task rest as soon as it runs."""
    while task.state is State.INITIALIZING:
        await asyncio.sleep(0.01)
        task = await live.get(task.id)
    if task.state is State.RUNNING:
        await live.pause(task.id)


async def _push(live: Live, task: str, left: deque[int], file: int) -> None:
    while left:
        batch = left.popleft()
        while True:
            try:
                await live.push(task, rows_of(batch), key=f"b{batch}")
                break
            except RowsWaiting:
                await asyncio.sleep(0.05)
        os.write(file, b"%d\n" % batch)


async def _read_all(live: Live, task: str) -> None:
    while True:
        summary = await live.summary(task)
        if summary is not None and summary.row == BATCHES * EACH:
            return
        await asyncio.sleep(0.02)
