"""One event loop in a thread of its own, in which tasks change their states and hosts are heard."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from shoal.base import clock
from shoal.base.database import Database
from shoal.base.errors import NotFound, ShoalError, Unavailable
from shoal.base.faults import FaultPoint
from shoal.base.settings import Live as Settings
from shoal.live.errors import WORDS, LiveConflict
from shoal.live.fitting import check_fit
from shoal.live.log.log import Bounds, Log
from shoal.live.log.logs import Logs
from shoal.live.model import Change, Fault, LiveTask, Wish
from shoal.live.office.door import open_door
from shoal.live.office.following import Following, timeout_left
from shoal.live.office.happenings import Happenings
from shoal.live.office.hosting import Hosts
from shoal.live.office.line import Line
from shoal.live.office.loop import OwnLoop, Ready
from shoal.live.office.mirror import Mirror
from shoal.live.office.watching import Watchers
from shoal.live.states import HOSTED, Act, State
from shoal.live.store import changing, faults, reading
from shoal.live.wire import Frame

T = TypeVar("T")
_log = logging.getLogger(__name__)
UPKEEP = 1.0  # seconds
OVERDUE = 5 * clock.SECOND  # after a timeout, before the office ends a run that no host has ended


class Places(NamedTuple):
    """The folders of a home that are needed: of the tasks, of sockets, of stored files, of logs."""

    tasks: Path
    run: Path
    files: Path
    logs: Path


class Office:
    """Own the tasks of a home; `loop` is where everything happens, and reached from any thread."""

    def __init__(self, database: Database, places: Places, settings: Settings) -> None:
        """Prepare; nothing runs before the loop is started."""
        self.database = database
        self.places = places
        self.settings = settings
        self.watchers = Watchers()
        self.logs = Logs(places.tasks, Bounds(settings.task_size, settings.waiting_rows), self._on_rows)
        self.mirror = Mirror(self.logs)
        self.hosts = Hosts(database, settings.hosts, places.files, places.logs)
        self.following = Following(self.mirror, self.logs, self._start_hosts)
        self._happenings = Happenings(database, self.watchers)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._uncounted: set[str] = set()
        self._strays: list[Path] = []
        self._terms: dict[str, Any] = {}
        self.loop = OwnLoop(self._run)

    @property
    def trouble(self) -> ShoalError | None:
        """Return what keeps tasks from being followed now, if anything."""
        return self.loop.failure or self.logs.writer.trouble or self.hosts.trouble

    def check(self) -> None:
        """Pass when tasks are followed; raises what keeps them from being followed."""
        if (trouble := self.trouble) is not None:
            raise trouble
        self.hosts.check()

    def close(self) -> None:
        """Let hosts keep what they know, write what waits, and end."""
        self.loop.close()
        self.watchers.close()
        self.logs.close()

    async def act(self, id: str, what: Act) -> LiveTask:
        """Do what somebody asks of a task; raises NotFound, LiveConflict."""
        async with self._alone(id):
            rows = await self.end(id)
            task = await self.write(faults.ACT, partial(changing.act, id=id, what=what, rows=rows))
            await self._entered(task)
            return self.mirror.counted(task)

    async def add(self, task: LiveTask, key: str | None) -> LiveTask:
        """Add a task whose folder is there; raises TooManyTasks."""
        most = self.settings.tasks_per_owner
        added = await self.write(faults.CREATE, partial(changing.add, task=task, limit=most, key=key))
        if added.id == task.id:
            await self._entered(added)
        return self.mirror.counted(added)

    async def reconfigure(self, id: str, wish: Wish) -> LiveTask:
        """Give a task another wish; raises NotFound, and InvalidInput when its rows or its host refuse it."""
        await self.end(id)  # Its rows are counted then.
        if (known := self.mirror.get(id)) is not None:
            check_fit(known, wish)
            await self.following.weigh(known, wish)
        async with self._alone(id):
            task = await self.write(faults.ACT, partial(changing.reconfigure, id=id, wish=wish))
            self._note(task)
            self.following.tell_wish(task)
            return self.mirror.counted(task)

    async def forget(self, id: str) -> LiveTask:
        """Delete a task with everything of it but its folder; raises NotFound."""
        async with self._alone(id):
            before = self.mirror.get(id)
            task = await self.write(faults.DELETE, partial(changing.forget, id=id))
            self.mirror.forget(id)
            self.logs.forget(id)
            self._uncounted.discard(id)
            await self.following.release(id)
        self._locks.pop(id, None)
        self.watchers.tell(Change(id, state=before or task, deleted=True))
        return before or task

    async def ask(self, id: str, op: str, payload: bytes = b"", **header: Any) -> Frame:
        """Ask the host of a task; raises NotFound, Unavailable, and what the host says."""
        await self.end(id)  # Its log is open then.
        if (task := self.mirror.get(id)) is None:
            raise reading.missing(id)
        return await self.following.ask(task, op, payload, **header)

    async def write(self, point: FaultPoint, work: Callable[[Connection], T]) -> T:
        """Run a writing function; returns when it is durably committed."""
        return await asyncio.shield(asyncio.wrap_future(self.database.submit(point, work)))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a reading function in a thread."""
        return await asyncio.to_thread(self.database.read, work)

    async def _run(self, ready: Ready) -> None:
        async with open_door(self.places.run, self._hear) as near:
            self._terms = {
                "run": str(near),
                "tasks": str(self.places.tasks),
                "checkpoint": self.settings.checkpoint,
                "waiting_rows": self.settings.waiting_rows,
            }
            found = await self._take_up()
            ready()
            self.loop.spawn(self._resume(found))
            while not self.loop.over.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.loop.over.wait(), UPKEEP)
                await self.loop.quietly(self._look_after())
            await self._end_hosts()

    async def _take_up(self) -> list[LiveTask]:
        """Read the tasks of this home: where servers share a database, those whose folders are here."""
        there = list(self.places.tasks.iterdir()) if self.places.tasks.is_dir() else []
        found = await self.read(reading.find)
        known = {task.id for task in found}
        self._strays = [folder for folder in there if folder.name not in known]
        alone = self.database.dialect == "sqlite"
        ours = [task for task in found if alone or self.logs.folder_of(task.id).is_dir()]
        for task in ours:
            self.mirror.note(task)
        return ours

    async def _resume(self, found: Sequence[LiveTask]) -> None:
        """Open the logs, those first that are followed, and have these followed."""
        for task in sorted(found, key=lambda task: task.state not in HOSTED):
            await self.loop.quietly(self._go_on_with(task))
        await asyncio.to_thread(self._remove_strays)

    async def _go_on_with(self, task: LiveTask) -> None:
        """Open a task's log, and have the task followed if it should be."""
        log = await asyncio.to_thread(self.logs.of, task.id)
        if log.end != task.rows:
            self._uncounted.add(task.id)
        if (known := self.mirror.get(task.id)) is not None and known.state in HOSTED:
            self._set_reading(known)
            await self._start_hosts()
            self.following.follow(known)
            self._play_when_due(known)

    async def _start_hosts(self) -> None:
        if not self.hosts.started:
            await asyncio.to_thread(self.hosts.start, self._terms)

    async def _end_hosts(self) -> None:
        lines = list(self.following.roster)
        await self.following.release_all()
        await self.loop.cancel()
        await self.loop.quietly(self._count())
        await self._happenings.flush()
        await asyncio.to_thread(self.hosts.stop)
        for line in lines:
            line.close()

    async def _hear(self, line: Line, heard: AsyncIterator[Frame]) -> None:
        """Count with a host while it is there, and hear it."""
        roster = self.following.roster
        roster.join(line)
        self._follow_orphans()
        self.loop.spawn(self._balance())
        try:
            async for frame in heard:
                try:
                    self._obey(line, frame)
                except (KeyError, TypeError, ValueError):
                    _log.exception("a host said what cannot be understood: %s", frame.op)
        finally:
            guilty = self.following.died(line)
            if not self.loop.over.is_set():
                if guilty is not None:
                    self.loop.spawn(self.loop.surely(partial(self._condemn, guilty)))
                self._follow_orphans()

    def _obey(self, line: Line, frame: Frame) -> None:
        said, id = frame.header, str(frame.header.get("task", ""))
        if self.following.roster.line_of(id) is not line:
            return  # Another follows it by now.
        log = self.logs.known(id)
        match frame.op:
            case "summary":
                if self.mirror.told(said) and self.watchers:
                    self.watchers.tell(Change(id, summary=self.mirror.summary(id)))
            case "consumed" if log is not None:
                log.consumed = int(said["row"])
            case "checkpointed" if log is not None:
                self._drop(log, int(said["row"]))
            case "ended":
                self.loop.spawn(self.loop.surely(partial(self._ended, id, said)))
            case "event":
                self._happenings.add(id, said)
            case "trouble":
                _log.warning("live task %s: %s (%s)", id, said.get("message"), said.get("code"))

    async def _ended(self, id: str, said: Mapping[str, Any]) -> None:
        """Record that a run ended, and begin what was waiting for that."""
        fault = _fault(said.get("error"))
        turn = said.get("turn")
        if id not in self.mirror:
            return  # It was deleted.
        async with self._alone(id):
            task = await self.write(
                faults.ENDED,
                partial(
                    changing.tell,
                    id=id,
                    run=int(said["run"]),
                    turn=None if turn is None else int(turn),
                    said=State(said["state"]),
                    fault=fault,
                    rows=await self.end(id),
                ),
            )
            if task is not None:
                await self._entered(task)
        if task is not None:
            self._play_when_due(task)

    async def _entered(self, task: LiveTask) -> None:
        """Do what follows from a task's new state."""
        self._note(task)
        if task.state in HOSTED:
            await self.loop.quietly(self._start_hosts())
        self.following.tell(task)

    def _note(self, task: LiveTask) -> None:
        self.mirror.note(task)
        self._set_reading(task)
        self.watchers.tell(Change(task.id, state=self.mirror.counted(task)))

    async def _condemn(self, id: str) -> None:
        """End a task that takes every host with it, so that the others can go on."""
        task = self.mirror.get(id)
        if task is not None:
            error = {"code": "live_host_died", "message": WORDS["live_host_died"][0]}
            await self._ended(id, {"run": task.run, "state": State.FINISHED, "error": error})

    def _set_reading(self, task: LiveTask) -> None:
        if (log := self.logs.known(task.id)) is not None:
            log.is_read = task.state is State.RUNNING

    def _on_rows(self, logs: Sequence[Log]) -> None:
        """Take note of new rows; called by the logs' thread."""
        self.loop.soon(self._rows_came, logs)

    def _rows_came(self, logs: Sequence[Log]) -> None:
        for log in logs:
            self._uncounted.add(log.task)
            self.following.tell_rows(log.task, log.end)
            if (task := self.mirror.get(log.task)) is not None:
                self._play_when_due(task)
                if self.watchers:
                    self.watchers.tell(Change(task.id, state=task))

    def _play_when_due(self, task: LiveTask) -> None:
        """Let a task that is ready run again when enough rows came since it last did."""
        wanted = task.wish.pace.data_per_iter
        counted = self.mirror.counted(task)
        if task.state is State.READY and 0 < wanted <= counted.rows - task.played_row:
            self.loop.spawn(self._play(task.id))

    async def _play(self, id: str) -> None:
        with suppress(LiveConflict, NotFound):  # Somebody was quicker.
            await self.act(id, Act.PLAY)

    def _drop(self, log: Log, checkpointed: int) -> None:
        task = self.mirror.get(log.task)
        if task is not None and (frame := task.wish.algorithm.frame_size) > 0:
            needed = min(checkpointed, log.end - frame)
            if log.has_before(needed):
                self.logs.writer.act(partial(log.drop, needed))

    def _follow_orphans(self) -> None:
        """Have every task followed that should be and is not, if there is a host."""
        for task in self.mirror if not self.loop.over.is_set() else ():
            if task.state in HOSTED and self.logs.known(task.id) is not None:
                self.following.follow(self.mirror.counted(task))

    async def _balance(self) -> None:
        await asyncio.sleep(0.2)  # The others may be about to come.
        await self.following.balance()

    async def _look_after(self) -> None:
        await self.loop.quietly(self._count())
        if any(task.state in HOSTED for task in self.mirror):
            await self.loop.quietly(self._start_hosts())
        if self.hosts.started and len(list(self.following.roster)) < self.settings.hosts:
            await self.loop.quietly(asyncio.to_thread(self.hosts.renew))
        for task in self.mirror:
            if task.state in HOSTED and self.logs.known(task.id) is None:
                await self.loop.quietly(self._go_on_with(task))
        self._follow_orphans()
        for id in self.following.rested():
            self.loop.spawn(self.following.release(id))  # Its host may hang.
        for task in self.mirror:
            left = timeout_left(task)
            if left == 0.0 and task.played is not None and _is_overdue(task):
                error = {"code": "timeout", "message": WORDS["timeout"][0]}
                await self._ended(task.id, {"run": task.run, "state": State.FINISHED, "error": error})

    async def _count(self) -> None:
        """Write the counts of rows that changed, so that they need not be counted."""
        ids, self._uncounted = self._uncounted, set()
        found = [task for id in ids if (task := self.mirror.get(id)) is not None]
        if found:
            counts = [{"id": task.id, "rows": task.rows, "dim": task.dim} for task in found]
            work = partial(changing.count_rows, counts=counts)
            try:
                await asyncio.wrap_future(self.database.submit(faults.COUNT, work, relaxed=True))
            except Exception:
                self._uncounted |= ids
                raise

    def _remove_strays(self) -> None:
        """Remove the folders of tasks that were deleted, or that did not come to be."""
        for folder in self._strays:
            shutil.rmtree(folder, ignore_errors=True)

    async def end(self, id: str) -> int:
        """Return how many rows a task was ever sent."""
        if id not in self.mirror:
            await self.read(partial(reading.get, id=id))
            raise Unavailable("Another server follows this task.", hint="Ask that one.", task=id)
        return (await asyncio.to_thread(self.logs.of, id)).end

    @asynccontextmanager
    async def _alone(self, id: str) -> AsyncIterator[None]:
        """Change a task one thing after another, so that its host hears in the order of commits."""
        if id not in self.mirror:
            await self.end(id)  # It raises.
        async with self._locks[id]:
            yield


def _fault(told: Mapping[str, Any] | None) -> Fault | None:
    return Fault(str(told["code"]), str(told["message"])) if told else None


def _is_overdue(task: LiveTask) -> bool:
    ends = (task.played or 0) + round(task.wish.pace.timeout * clock.SECOND)
    return clock.now() > ends + OVERDUE
