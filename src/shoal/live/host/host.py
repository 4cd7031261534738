"""One host: it hears the office, and gives the tasks it follows their turns, each a fair share."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any

from shoal.base.errors import ShoalError, Unavailable
from shoal.live.errors import Busy
from shoal.live.host.around import Around
from shoal.live.host.asked import ANSWERS
from shoal.live.host.followed import Followed
from shoal.live.host.line import Line
from shoal.live.wire import Frame

SLICE = 0.005  # seconds that a task works before others may
_NEVER = 3600.0


class Host:
    """Follow tasks in one thread; what must wait for a disk is done in another.

    Among tasks with something to do, the one that had the least time so far goes next. One that begins, or
    has slept, is given no arrears.
    """

    def __init__(self, line: Line, log: Callable[[str], None], checkpoint: float) -> None:
        self._line = line
        self._log = log
        self._tasks: dict[str, Followed] = {}
        self._early: list[Frame] = []  # questions about tasks that are not yet where they were
        self._inbox: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._writing: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._around = Around(line.say, self._writing.put, log, checkpoint, lambda: self._crowd)
        self._over = self._gone = False
        self._fewest = 0.0
        self._crowd = 1

    def run(self) -> None:
        """Follow until told to end, or until the office is gone; the first keeps every task's state."""
        writer = threading.Thread(target=self._write, name="live checkpoints")
        writer.start()
        self._line.listen(self._heard)
        try:
            while not self._over:
                self._hear(self._work())
                self._hear_again()
            if not self._gone:  # Else another host may have them by now.
                for task in self._tasks.values():
                    task.checkpoint()
        finally:  # A signal may have come amid a step: then what was noted leads on from the last state.
            for task in self._tasks.values():
                task.close()
            self._writing.put(None)
            writer.join()

    def end(self) -> None:
        """Let `run` return soon; any thread may call this."""
        self._over = True
        self._inbox.put(None)

    def _heard(self, frame: Frame | None) -> None:
        if frame is None:
            self._gone = True
            self.end()
        else:
            frame.header["heard"] = monotonic()
            self._inbox.put(frame)

    def _write(self) -> None:
        while (action := self._writing.get()) is not None:
            try:
                action()
            except Exception:  # The states of other tasks are to be kept.
                self._log(f"A state was not kept:\n{traceback.format_exc()}")

    def _work(self) -> float:
        """Give the next task its turn; return the seconds until something is due."""
        now = monotonic()
        chosen, due = None, inf
        self._crowd = max(1, sum(task.busy for task in self._tasks.values()))
        for task in self._tasks.values():
            moment = task.due(now)
            due = min(due, moment)
            if moment <= now and (chosen is None or task.cost < chosen.cost):
                chosen = task
        if chosen is None:
            return min(due - now, _NEVER)
        chosen.cost = max(chosen.cost, self._fewest)
        self._fewest = chosen.cost
        chosen.turn(now + SLICE)
        return 0.0

    def _hear(self, patience: float) -> None:
        """Obey what was said; wait for it if nothing else is to be done. Then tasks have a turn again."""
        try:
            frame = self._inbox.get(timeout=patience) if patience > 0 else self._inbox.get_nowait()
            until = monotonic() + SLICE
            while frame is not None and not self._over:
                self._obey(frame)
                if monotonic() > until:
                    return
                frame = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _hear_again(self) -> None:
        early, self._early = self._early, []
        for frame in early:
            self._obey(frame)

    def _obey(self, frame: Frame) -> None:
        try:
            self._do(frame)
        except Exception as error:
            if not isinstance(error, ShoalError):
                self._log(f"{frame.op} failed:\n{traceback.format_exc()}")
            if "id" in frame.header:
                self._answer(frame, error=_told(error))
            else:
                told = _told(error) | {"op": "trouble", "task": frame.header.get("task", "")}
                self._line.say(told)

    def _do(self, frame: Frame) -> None:
        said = frame.header
        task = self._tasks.get(str(said["task"]))
        if frame.op == "assign":
            self._assign(task, said)
        elif frame.op in ANSWERS and monotonic() - said["heard"] > said.get("patience", _NEVER):
            raise Busy(str(said["task"]))  # Who asked has gone.
        elif frame.op in ANSWERS and task is not None and task.is_behind:
            self._early.append(frame)
        elif frame.op in ANSWERS:
            header, payload = ANSWERS[frame.op](self._known(task), said, frame.payload)
            self._answer(frame, payload, **header)
        elif frame.op == "unassign":
            self._unassign(task, frame)
        elif frame.op == "checkpoint":
            self._known(task).checkpoint(lambda: self._answer(frame))
        elif task is not None:
            _order(task, frame)

    def _assign(self, task: Followed | None, said: dict[str, Any]) -> None:
        if task is not None:
            return task.assigned(said)
        try:
            self._tasks[str(said["task"])] = Followed(said, self._around)
        except Exception as error:  # Else the office would wait for it for ever.
            ended = {name: said[name] for name in ("task", "run", "turn")}
            self._line.say({"op": "ended", **ended, "state": "finished", "error": _told(error)})
            raise

    def _unassign(self, task: Followed | None, frame: Frame) -> None:
        if task is None:
            return self._answer(frame)
        del self._tasks[task.id]
        task.checkpoint(lambda: self._answer(frame))
        task.close()

    def _known(self, task: Followed | None) -> Followed:
        if task is None:
            raise Unavailable("This host does not follow the task.", code="live_host_gone")
        return task

    def _answer(self, frame: Frame, payload: bytes = b"", error: Any = None, **header: Any) -> None:
        self._line.say({"op": "answer", "id": frame.header.get("id"), "error": error, **header}, payload)


def _order(task: Followed, frame: Frame) -> None:
    match frame.op:
        case "rows":
            task.heard_rows(frame.header)
        case "play":
            task.played(frame.header)
        case "pause":
            task.paused()
        case "stop":
            task.stopped()
        case "init":
            task.begun_anew(frame.header)
        case "reconfigure":
            task.reconfigured(frame.header)


def _told(error: Exception) -> dict[str, Any]:
    if isinstance(error, ShoalError):
        told = {"code": error.error_code, "message": error.message, "hint": error.hint}
        return {**told, "status": error.status}
    return {"code": "internal", "message": f"{type(error).__name__}: {error}", "status": 500}
