"""What is known of every task without asking anybody: its row, its log's end, and what was found last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import orjson

from shoal.live.log.logs import Logs
from shoal.live.model import Cluster, LiveTask, Summary

SUMMARY = "summary.json"
_CLUSTER = {field.name for field in fields(Cluster)}
_SUMMARY = {field.name for field in fields(Summary)}


class Mirror:
    """Written by the office's thread, read by all."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._tasks: dict[str, LiveTask] = {}
        self._told: dict[str, Mapping[str, Any]] = {}
        self._summaries: dict[str, Summary] = {}
        self._looked: set[str] = set()

    def __contains__(self, id: str) -> bool:
        return id in self._tasks

    def __iter__(self) -> Iterator[LiveTask]:
        return iter(list(self._tasks.values()))

    def get(self, id: str) -> LiveTask | None:
        """Return a task with as many rows as its log has."""
        task = self._tasks.get(id)
        return None if task is None else self.counted(task)

    def counted(self, task: LiveTask) -> LiveTask:
        """Return a task with the count of its log, if that is open."""
        log = self._logs.known(task.id)
        if log is None or (log.end == task.rows and log.dim == task.dim):
            return task
        return replace(task, rows=log.end, dim=log.dim or task.dim, pushed=log.end - task.base)

    def note(self, task: LiveTask) -> None:
        """Take over a task as it is in the database now; a new run has found nothing yet."""
        before = self._tasks.get(task.id)
        if before is not None and before.run and before.run != task.run:
            self._told.pop(task.id, None)
            self._summaries.pop(task.id, None)
            self._looked.add(task.id)  # What its folder holds is of the run before.
        self._tasks[task.id] = task

    def forget(self, id: str) -> None:
        """Forget a task that is deleted."""
        for known in (self._tasks, self._told, self._summaries):
            known.pop(id, None)
        self._looked.discard(id)

    def told(self, summary: Mapping[str, Any]) -> bool:
        """Take over what a host has found; False when that is of an earlier run."""
        id = str(summary["task"])
        task = self._tasks.get(id)
        if task is None or summary.get("run") != task.run:
            return False
        self._told[id] = summary
        self._summaries.pop(id, None)
        return True

    def summary(self, id: str) -> Summary | None:
        """Return what was found last, if a host has told it since the server started."""
        if (known := self._summaries.get(id)) is not None:
            return known
        if (told := self._told.get(id)) is None:
            return None
        found = self._summaries[id] = summary_of(told)
        return found

    def kept(self, id: str) -> Summary | None:
        """Return what the newest checkpoint found; reads a file the first time."""
        if id in self._looked:
            return None
        self._looked.add(id)
        told = _read(self._logs.folder_of(id) / "checkpoint" / SUMMARY)
        if told is None or id in self._told:
            return self.summary(id)
        return self.summary(id) if self.told(told) else None


def summary_of(told: Mapping[str, Any]) -> Summary:
    """Return a summary from its plain form."""
    own = {name: value for name, value in told.items() if name in _SUMMARY}
    clusters = [
        Cluster(**{name: value for name, value in each.items() if name in _CLUSTER})
        for each in own.get("clusters", ())
    ]
    return Summary(**(own | {"clusters": clusters}))


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        told = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and "task" in told else None
