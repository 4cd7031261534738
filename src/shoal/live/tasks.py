"""Live tasks, as the rooms above use them: `house.live`."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from shoal.base.database import Database
from shoal.base.errors import Conflict, InvalidInput, NotFound, ShoalError
from shoal.base.settings import Live as Settings
from shoal.live import answers
from shoal.live.answers import Labels, Points, Predicted, Pushed
from shoal.live.errors import LiveConflict
from shoal.live.kinds import register_kinds
from shoal.live.log.keys import checked as checked_key
from shoal.live.log.log import Log
from shoal.live.log.reader import Reader
from shoal.live.log.record import Rows, payload_of
from shoal.live.making import Making, centres_of
from shoal.live.model import Change, LiveEvent, LiveTask, Summary, Wish
from shoal.live.office.office import Office, Places
from shoal.live.rows import checked
from shoal.live.states import ALIVE, Act, State, step
from shoal.live.store import reading
from shoal.live.wire import Frame
from shoal.storage.backend import Storage

__all__ = ["Change", "Labels", "Live", "LiveEvent", "Points", "Predicted", "Pushed"]
T = TypeVar("T")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


class Live:
    """Create, feed, follow and end live tasks.

    Every coroutine may be awaited in any event loop and blocks none. What is asked of a task that is not
    there raises NotFound; what its state does not allow raises LiveConflict.
    """

    def __init__(self, database: Database, storage: Storage, places: Places, settings: Settings) -> None:
        """Prepare; nothing runs before the first call, or `start`."""
        register_kinds()
        self._database = database
        self._office = Office(database, places, settings)
        self._making = Making(database, storage, self._office.logs)
        self._settings = settings

    def start(self) -> None:
        """Go on with the tasks of the home; returns when they are known. Blocks for a moment."""
        self._office.loop.start()

    def close(self) -> None:
        """Let hosts keep what they know, write what waits, and end."""
        self._office.close()

    @property
    def trouble(self) -> ShoalError | None:
        """Return what keeps tasks from being followed now, if anything."""
        return self._office.trouble

    def check(self) -> None:
        """Pass when tasks are followed; raises what keeps them from being followed. Blocks."""
        self._office.check()

    async def create(
        self, owner: str, wish: Wish, *, id: str | None = None, key: str | None = None
    ) -> LiveTask:
        """Make a task in the state CREATED; a dataset's rows go into its log first.

        The same `key` of an owner stands for the same task.

        Raises:
            TooManyTasks: the owner has as many as there may be.
            Conflict: there is a task with this id.
            InvalidInput: the id cannot be had.
            NotFound, InvalidInput: the dataset is not there, or its columns cannot be used.
            TaskFull, StorageFull: its rows do not fit.
        """
        if id is not None and await self._is_there(_checked_id(id)):
            raise Conflict(f"There is a live task {id} already.", task=id)
        return await self._add(partial(self._making.blank, owner, wish, id), key)

    async def get(self, id: str) -> LiveTask:
        """Return a task."""
        await self._started()
        task = self._office.mirror.get(id)
        if task is not None and self._office.logs.known(id) is not None:
            return task
        return await asyncio.to_thread(self._read, id)

    async def find(
        self,
        owner: str | None = None,
        ids: Collection[str] | None = None,
        search: str = "",
        limit: int = 100,
        after: str | None = None,
    ) -> list[LiveTask]:
        """Return tasks, the newest first: those after the one with the id `after`.

        `search` is a part of a name or of an id.
        """
        await self._started()
        work = partial(reading.find, owner=owner, ids=ids, search=search, limit=limit, after=after)
        return await asyncio.to_thread(lambda: [self._counted(one) for one in self._database.read(work)])

    async def init(self, id: str) -> LiveTask:
        """Initialise a task."""
        return await self._act(id, Act.INIT)

    async def play(self, id: str) -> LiveTask:
        """Let a task run; answers at once."""
        return await self._act(id, Act.PLAY)

    async def pause(self, id: str) -> LiveTask:
        """Let a running task rest."""
        return await self._act(id, Act.PAUSE)

    async def stop(self, id: str) -> LiveTask:
        """End a task that is alive."""
        return await self._act(id, Act.STOP)

    async def wait(self, id: str, timeout: float | None = None) -> LiveTask:
        """Return when a task is READY, IDLE or FINISHED, or raise LiveConflict.

        `idle` when it is paused already, `never_finish` when nothing can end its run, `timeout` when that
        takes longer than so many seconds.
        """
        watcher = self._office.watchers.watch([id])
        try:
            async with asyncio.timeout(timeout):
                task = await self.get(id)
                while _goes_on(task):
                    await watcher.changed()
                    task = await self.get(id)
                    if task.state is State.IDLE:
                        break
                return task
        except TimeoutError:
            raise LiveConflict("timeout", id) from None
        finally:
            watcher.close()

    async def push(self, id: str, rows: Rows, *, key: str | None = None) -> Pushed:
        """Append rows; returns when they are on disk. The same `key` stands for the same rows.

        Raises:
            InvalidInput: a row cannot be kept; none was.
            RowsWaiting: too many rows wait to be read; TaskFull: the task keeps too many.
            StorageFull: the disk is full.
        """
        task, log = await self.get(id), await self._log(id)
        checked(rows, task.dim, task.wish.algorithm.space)
        name = "" if key is None else checked_key(key)
        payload, n, dim = payload_of(rows) if len(rows) < 5_000 else await asyncio.to_thread(payload_of, rows)
        future = self._office.logs.writer.append(log, payload, n, dim, name)
        return Pushed(*await asyncio.shield(asyncio.wrap_future(future)))

    async def predict(self, id: str, rows: Rows, soft: bool = False) -> Predicted:
        """Return the clusters of rows, in every state; without centres all are -1."""
        task = await self.get(id)
        checked(rows, task.dim, task.wish.algorithm.space)
        if task.state is State.CREATED:
            return answers.nowhere(len(rows), soft)
        payload, header = answers.question(rows)
        frame = await self._ask(id, "predict", payload, soft=soft, **header)
        return answers.predicted(frame, len(rows), soft)

    async def reconfigure(self, id: str, wish: Wish) -> LiveTask:
        """Give a task another wish; its host takes it before the next iteration.

        What its host knows to be impossible raises InvalidInput, and the task is as it was.
        """
        await self._started()
        return await self._in_office(self._office.reconfigure(id, wish))

    async def copy(self, id: str, owner: str, name: str | None = None) -> LiveTask:
        """Make a CREATED task with the same wish and rows; of a streaming task, with its centres as rows."""
        task = await self.get(id)
        algorithm = task.wish.algorithm
        centres = None
        if algorithm.name == "streaming":
            centres = centres_of(await self.summary(id), algorithm.space)
        return await self._add(partial(self._making.copy, task, owner, name, centres))

    async def delete(self, id: str) -> LiveTask:
        """Stop a task and forget it with its rows; returns what it was."""
        await self._started()
        task = await self._in_office(self._office.forget(id))
        folder = self._office.logs.folder_of(id)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return task

    async def summary(self, id: str) -> Summary | None:
        """Return what a task has found so far; None when that is nothing."""
        await self._started()
        mirror = self._office.mirror
        if id not in mirror:
            await self.get(id)
        return mirror.summary(id) or await asyncio.to_thread(mirror.kept, id)

    async def points(self, id: str, since: int = 0, limit: int = 5_000) -> Points:
        """Return rows of the frame with their clusters, from row `since` on."""
        task = await self.get(id)
        if task.state is State.CREATED or task.rows == 0:
            reader = Reader(self._office.logs.folder_of(id) / "log")
            return await asyncio.to_thread(answers.unplaced, reader, since, task.rows, limit)
        return answers.points(await self._ask(id, "points", since=since, limit=limit))

    async def labels(self, id: str) -> Labels:
        """Return the clusters of the frame's rows."""
        if await self._is_new(id):
            return answers.unlabelled()
        return answers.labels(await self._ask(id, "labels"))

    async def history(
        self, id: str, since: int = 0, limit: int = 1_000, metrics: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """Return metrics over time."""
        if await self._is_new(id):
            return []
        frame = await self._ask(id, "history", since=since, limit=limit, metrics=list(metrics))
        return answers.history(frame)

    async def events(self, id: str, after: int = 0, limit: int = 1_000) -> list[LiveEvent]:
        """Return what happened in a task, oldest first."""
        await self.get(id)
        work = partial(reading.events_of, task=id, after=after, limit=limit)
        return await asyncio.to_thread(self._database.read, work)

    async def export(self, id: str) -> bytes:
        """Return a task as NPZ: its wish, its centres, its frame."""
        if await self._is_new(id):
            raise LiveConflict("not_iterate", id)
        return (await self._ask(id, "export")).payload

    async def import_(self, owner: str, data: bytes, name: str | None = None) -> LiveTask:
        """Make a task of an export: READY, with its centres and its frame; raises as `create`."""
        return await self._add(partial(self._making.imported, owner, data, name))

    async def watch(self, ids: Collection[str] | None = None) -> AsyncIterator[Change]:
        """Give what is new of some tasks (all when None): at most ten times a second, the last of each.

        What is known of named tasks now comes first. It ends when the named tasks are deleted.
        """
        watcher = self._office.watchers.watch(ids)
        try:
            for id in ids or ():
                with suppress(NotFound):
                    yield Change(id, state=await self.get(id), summary=await self.summary(id))
            async for change in watcher.changes():
                yield change
        finally:
            watcher.close()

    async def batch(self, owner: str, wish: Wish, rows: Rows | None = None) -> LiveTask:
        """Create, push, play, wait and stop in one call; raises LiveConflict when nothing ends the run."""
        check_end(wish)
        task = await self.create(owner, wish)
        if rows is not None:
            await self.push(task.id, rows)
        await self.play(task.id)
        ended = await self.wait(task.id)
        return await self.stop(task.id) if ended.state in ALIVE else ended

    def metrics(self) -> Mapping[str, float]:
        """Return figures of all tasks for monitoring: tasks by state, rows, bytes, rows that wait, hosts."""
        tasks = list(self._office.mirror)
        found: dict[str, float] = {f"tasks_{state.value}": 0.0 for state in State}
        for task in tasks:
            found[f"tasks_{task.state.value}"] += 1
        logs = list(self._office.logs)
        found["rows"] = sum(log.end for log in logs)
        found["bytes"] = sum(log.size for log in logs)
        found["rows_waiting"] = sum(max(0, log.end - log.consumed) for log in logs if log.is_read)
        found["hosts"] = sum(1 for _ in self._office.following.roster)
        return found

    async def _started(self) -> None:
        if not self._office.loop.started:
            await asyncio.to_thread(self._office.loop.start)

    async def _in_office(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.shield(asyncio.wrap_future(self._office.loop.call(work)))

    async def _act(self, id: str, what: Act) -> LiveTask:
        await self._started()
        return await self._in_office(self._office.act(id, what))

    async def _ask(self, id: str, op: str, payload: bytes = b"", **header: Any) -> Frame:
        await self._started()
        return await self._in_office(self._office.ask(id, op, payload, **header))

    async def _add(self, make: Callable[[], LiveTask], key: str | None = None) -> LiveTask:
        """Add a task that is made in a thread; its folder goes again when it cannot be added."""
        await self._started()
        made = await asyncio.to_thread(make)
        added = None
        try:
            added = await self._in_office(self._office.add(made, key))
            return added
        finally:
            if added is None or added.id != made.id:
                self._office.logs.forget(made.id)
                folder = self._office.logs.folder_of(made.id)
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _is_new(self, id: str) -> bool:
        """Say whether a task never ran, so that no host has to be asked about it."""
        return (await self.get(id)).state is State.CREATED

    async def _is_there(self, id: str) -> bool:
        try:
            return bool(await self.get(id))
        except NotFound:
            return False

    async def _log(self, id: str) -> Log:
        if (log := self._office.logs.known(id)) is not None:
            return log
        await self._in_office(self._office.end(id))
        return self._office.logs.of(id)

    def _read(self, id: str) -> LiveTask:
        return self._counted(self._database.read(partial(reading.get, id=id)))

    def _counted(self, task: LiveTask) -> LiveTask:
        """Return a task with the count of its log, if that is here."""
        if task.id in self._office.mirror:
            self._office.logs.of(task.id)
        return self._office.mirror.counted(task)


def _checked_id(id: str) -> str:
    """Return an id that names a folder; raises InvalidInput."""
    if _ID.fullmatch(id) is None:
        raise InvalidInput(
            f"{id[:40]!r} cannot be the id of a live task.",
            hint="Give 1 to 64 letters, digits, '-', '_' or '.', a letter or digit first; a UUID will do.",
        )
    return id


def _goes_on(task: LiveTask) -> bool:
    """Say whether to wait for another state; raises LiveConflict."""
    refused = step(task.state, Act.WAIT).refused
    if refused is not None:
        raise LiveConflict(refused, task.id)
    if task.state is State.RUNNING:
        check_end(task.wish)
    return task.state in (State.RUNNING, State.INITIALIZING)


def check_end(wish: Wish) -> None:
    """Pass when something ends a run of a task by itself; raises LiveConflict."""
    if not (wish.pace.iter or wish.pace.iter_per_data or wish.pace.timeout or wish.pace.until):
        raise LiveConflict("never_finish")
