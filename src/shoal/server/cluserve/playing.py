"""Making tasks and changing them."""

from __future__ import annotations

from typing import Any

from shoal.access import Action
from shoal.base.errors import InvalidInput, NotFound, ShoalError
from shoal.live.model import LiveTask
from shoal.live.plain import plain
from shoal.server.api.datasets import found_dataset
from shoal.server.cluserve.caller import Asked, found
from shoal.server.cluserve.elements import first_rows
from shoal.server.cluserve.wishes import TaskInput, checked


async def play(info: Asked, asked: TaskInput) -> LiveTask:
    """Let a task run that is there, first with other settings if some are given; else make it."""
    there = await _there(info, asked.id)
    if there is None:
        made = await create(info, asked)
        return await info.context.live.play(made.id)
    if asked.algorithm is not None:
        await _change(info, there, asked)
    return await info.context.live.play(there.id)


async def create(info: Asked, asked: TaskInput) -> LiveTask:
    """Make a task with the rows that come with it; nothing is made when they cannot be used."""
    live, owner = info.context.live, info.context.actor.name
    sent = asked.sent if asked.sent and any(asked.sent.pieces()) else None
    # An id beside rows is only their name, as it is in what was read before and is sent back.
    dataset = asked.dataset.id if asked.dataset and sent is None else None
    if dataset is not None:
        await found_dataset(info.context.house, info.context.actor, Action.DATASET_READ, dataset)
    wish = asked.wish(dataset=dataset)
    rows = None if sent is None else await first_rows(wish, sent)
    made = await live.create(owner, wish, id=asked.id)
    if rows is None:
        return made
    try:
        await live.push(made.id, rows)
    except ShoalError:
        await live.delete(made.id)
        raise
    return await live.get(made.id)


async def reconfigure(info: Asked, asked: TaskInput) -> LiveTask:
    """Give a task other settings; raises InvalidInput when it does not say which task."""
    if asked.id is None:
        raise InvalidInput("The task has no id.", hint="Say which task: {id: ..., algorithm: {...}}.")
    return await _change(info, await found(info, Action.LIVE_CHANGE, asked.id), asked)


async def _there(info: Asked, id: str | None) -> LiveTask | None:
    if id is None:
        return None
    try:
        await info.context.live.get(id)
    except NotFound:
        return None
    return await found(info, Action.LIVE_CHANGE, id)


async def _change(info: Asked, task: LiveTask, asked: TaskInput) -> LiveTask:
    """Lay what is asked for over what a task has; its rows and their columns stay."""
    before, given = plain(task.wish), asked.settings()
    wanted = checked({**before, **given, **_over(before, given, "algorithm"), **_over(before, given, "pace")})
    return task if wanted == task.wish else await info.context.live.reconfigure(task.id, wanted)


def _over(before: dict[str, Any], given: dict[str, Any], part: str) -> dict[str, Any]:
    return {part: {**before[part], **given.get(part, {})}}
