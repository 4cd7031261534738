"""What hosts tell that happened, on its way into the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import Connection

from shoal.base import clock
from shoal.base.database import Database
from shoal.base.errors import NotFound, ShoalError
from shoal.live.model import Change, LiveEvent
from shoal.live.office.watching import Watchers
from shoal.live.store import changing
from shoal.live.store.faults import EVENT

_log = logging.getLogger(__name__)
MOST = 10_000  # events that wait while the database is away; the oldest go first
PAUSE = 1.0  # seconds between two tries
_LAST = 5.0


class Happenings:
    """Record events in the order in which they came, many in one transaction."""

    def __init__(self, database: Database, watchers: Watchers) -> None:
        self._database = database
        self._watchers = watchers
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, task: str, said: Mapping[str, Any]) -> None:
        """Take note of what happened in a task."""
        self._waiting.append((task, _event(said)))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def flush(self) -> None:
        """Return when everything is recorded, or cannot be soon."""
        if self._writing is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._writing, _LAST)

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                future = self._database.submit(EVENT, partial(_record, batch=batch))
                for event in await asyncio.wrap_future(future):
                    self._watchers.tell(Change(event.task, event=event))
            except ShoalError as error:
                _log.warning("events of live tasks: %s; this is tried again", error)
                self._waiting = (batch + self._waiting)[-MOST:]
                await asyncio.sleep(PAUSE)
            except Exception:
                _log.exception("events of live tasks could not be recorded")


def _record(conn: Connection, batch: list[tuple[str, dict[str, Any]]]) -> list[LiveEvent]:
    added: list[LiveEvent] = []
    for task, event in batch:
        try:
            added += changing.record(conn, task, [event])
        except NotFound:
            continue  # It was deleted.
    return added


def _event(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": f"{said['run']}:{said['name']}",
        "run": int(said["run"]),
        "row": int(said["row"]),
        "kind": str(said["kind"]),
        "detail": dict(said.get("detail") or {}),
        "at": int(said.get("at") or clock.now()),
    }
