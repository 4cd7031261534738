"""What changes tasks."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import strawberry

from shoal.access import Action
from shoal.base.errors import InvalidInput
from shoal.server.cluserve import playing
from shoal.server.cluserve.asking import Prediction, predicted, waited
from shoal.server.cluserve.caller import Asked, found
from shoal.server.cluserve.elements import rows_in, rows_of
from shoal.server.cluserve.fields import root
from shoal.server.cluserve.frames import DataframeInput
from shoal.server.cluserve.scalars import Elemt
from shoal.server.cluserve.task import Task
from shoal.server.cluserve.wishes import TaskInput

Key = Annotated[str | None, strawberry.argument(description="the same rows under the same key count once")]


@strawberry.type(name="Mutation")
class Mutation:
    """What changes tasks."""

    @root(Action.LIVE_CREATE, "makes a task and lets it run, or plays a task again")
    async def play(self, info: Asked, task: TaskInput) -> Task:
        """Make a task and let it run; one that is there is played again, with other settings if given."""
        return Task.of(await playing.play(info, task))

    @root(Action.LIVE_CREATE, "a task that does not run yet")
    async def create(self, info: Asked, task: TaskInput) -> Task:
        """Make a task that does not run yet."""
        return Task.of(await playing.create(info, task))

    @root(Action.LIVE_CHANGE, "Created to Ready, without a run")
    async def init(self, info: Asked, id: str) -> Task:
        """Initialise a task."""
        task = await found(info, Action.LIVE_CHANGE, id)
        return Task.of(await info.context.live.init(task.id))

    @root(Action.LIVE_CHANGE, "Running to Idle")
    async def pause(self, info: Asked, id: str) -> Task:
        """Let a running task rest."""
        task = await found(info, Action.LIVE_CHANGE, id)
        return Task.of(await info.context.live.pause(task.id))

    @root(Action.LIVE_CHANGE, "ends what is alive: Finished")
    async def stop(self, info: Asked, id: str) -> Task:
        """End a task that is alive."""
        task = await found(info, Action.LIVE_CHANGE, id)
        return Task.of(await info.context.live.stop(task.id))

    @root(Action.LIVE_READ, "returns when a run has ended")
    async def wait(self, info: Asked, id: str, timeout: float | None = None) -> Task:
        """Wait until a task's run has ended."""
        return await waited(info, id, timeout)

    @root(Action.LIVE_READ, "which clusters rows belong to")
    async def predict(self, info: Asked, id: str, data: list[Elemt], soft: bool | None = False) -> Prediction:
        """Say which clusters rows belong to."""
        return await predicted(info, id, data, bool(soft))

    @root(Action.LIVE_PUSH, "adds rows, or one flat row")
    async def push(self, info: Asked, data: list[Elemt], id: str, key: Key = None) -> Task:
        """Add rows; answered when they are on disk."""
        task = await found(info, Action.LIVE_PUSH, id)
        await info.context.live.push(task.id, await rows_of(task, data), key=key)
        return Task.of(await info.context.live.get(task.id))

    @root(Action.LIVE_PUSH, "adds the rows of a dataframe")
    async def push_data(self, info: Asked, id: str, dataframe: DataframeInput, key: Key = None) -> Task:
        """Add the rows of a dataframe, whose columns may stand in another order."""
        task = await found(info, Action.LIVE_PUSH, id)
        await info.context.live.push(task.id, await rows_in(task, dataframe), key=key)
        return Task.of(await info.context.live.get(task.id))

    @root(Action.LIVE_CHANGE, "gives a task other settings while it runs")
    async def reconfigure(self, info: Asked, task: TaskInput) -> Task:
        """Give the task of this id other settings; those that are not given stay."""
        return Task.of(await playing.reconfigure(info, task))

    @root(Action.LIVE_CREATE, "a Created task with the same rows")
    async def copy(self, info: Asked, id: str, name: str | None = None) -> Task:
        """Make a task with the same settings and rows."""
        task = await found(info, Action.LIVE_READ, id)
        return Task.of(await info.context.live.copy(task.id, info.context.actor.name, name))

    @root(Action.LIVE_DELETE, "stops a task and forgets its rows")
    async def delete(self, info: Asked, id: str) -> Task:
        """Stop a task and forget it with its rows."""
        task = await found(info, Action.LIVE_DELETE, id)
        return Task.of(await info.context.live.delete(task.id))

    @root(Action.LIVE_CREATE, "makes a task of an export", name="import")
    async def import_(self, info: Asked, data: str, name: str | None = None) -> Task:
        """Make a task of what `export` gave."""
        try:
            exported = base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise InvalidInput("data is not base 64.", hint="Send what `export` gave.") from error
        return Task.of(await info.context.live.import_(info.context.actor.name, exported, name))
