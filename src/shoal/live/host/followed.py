"""One task as its host follows it: what the office says of it, and its turns."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from shoal.base.errors import ShoalError
from shoal.live.errors import WORDS
from shoal.live.host.around import Around
from shoal.live.host.keeping import Keeping
from shoal.live.host.looking import Looking
from shoal.live.host.pacing import met, next_stop, reached
from shoal.live.host.running import Running
from shoal.live.host.telling import Telling
from shoal.live.host.working import Work, piece
from shoal.live.log.reader import Reader
from shoal.live.model import Fault
from shoal.live.plain import wish_of
from shoal.live.states import State

Said = Mapping[str, Any]


class Followed:
    """Follow a task; what goes wrong with it ends it, and is told, but never raised.

    `cost` is how many seconds of work the task has had, by which a host shares out its time. `work` is None
    when there is nothing that could be worked on.
    """

    def __init__(self, said: Said, around: Around) -> None:
        self.id = str(said["task"])
        self.folder = Path(said["folder"])
        self.reader = Reader(self.folder / "log")
        self.cost = 0.0
        self.end = 0
        self.dim: int | None = said.get("dim")
        self.wish = wish_of(said["wish"])
        self.state = State(said["state"])
        self.work: Work | None = None
        self._around = around
        self._running = Running(self.wish.pace, said.get("timeout_left"))
        self._since = monotonic()
        self._begin(said)

    def _begin(self, said: Said) -> None:
        self.run, self.base = int(said["run"]), int(said["base"])
        self._order = said.get("turn")
        self.looking = Looking(self.id, self._around.crowd)
        self._telling = Telling(self.id, self.run, self._around)
        self._keeping = Keeping(self.id, self.folder / "checkpoint", self.run, self._around)
        self._changed, self._unsaved, self._failed = True, False, False
        self._checkpoint_due = monotonic() + self._around.checkpoint
        self._guarded(self._open)

    def _open(self) -> None:
        self.work = None
        course = self._keeping.reopened(self.reader) or self._keeping.begun(self.wish, self.reader, self.base)
        self.work = Work(course, self._keeping, self.reader)
        self._take_wish()

    def assigned(self, said: Said) -> None:
        """Take what is new of a task that is followed already."""
        state = State(said["state"])
        if int(said["run"]) != self.run:
            self.begun_anew(said)
        self.reconfigured(said)
        self._order = said.get("turn")
        if state is State.RUNNING and self.state is not state:
            self.played({**said, "timeout": said.get("timeout_left")})
        elif state is not self.state and state is not State.INITIALIZING:
            self._rest(state)

    def begun_anew(self, said: Said) -> None:
        """Forget what was found, keep the rows."""
        self.close()
        self.state = State.INITIALIZING
        self._begin({"turn": self._order, **said})

    def heard_rows(self, said: Said) -> None:
        """Hear up to which row the log is whole."""
        self.end = max(self.end, int(said["end"]))
        self.dim = said.get("dim") or self.dim
        self._running.resting = False
        self._changed = True

    def played(self, said: Said) -> None:
        """Run; `timeout` is in seconds, None or 0 for none."""
        self._clock()
        self._order = said.get("turn")
        self.state = State.RUNNING
        self._running = Running(self.wish.pace, said.get("timeout") or None)
        self._running.target = self.end

    def paused(self) -> None:
        """Rest until it is played again."""
        self._rest(State.IDLE)

    def stopped(self) -> None:
        """End; what was found stays to be asked for."""
        self._rest(State.FINISHED)

    def reconfigured(self, said: Said) -> None:
        """Go on as another wish asks, from before the next turn on."""
        before, self.wish = self.wish.pace, wish_of(said["wish"])
        self._running.paced(self.wish.pace)
        if before.timeout != self.wish.pace.timeout:
            self._running.timed(self.wish.pace.timeout)
        self._guarded(self._take_wish)

    @property
    def busy(self) -> bool:
        """Say whether it runs and does not rest."""
        return self.state is State.RUNNING and not self._running.resting

    @property
    def is_behind(self) -> bool:
        """Say whether it is still on the way to where an earlier host was."""
        return self.work is not None and self.work.behind and not self._failed

    def due(self, now: float) -> float:
        """Return when there is something to do; infinity when only the office can change that."""
        if self.work is None or self._failed:
            return inf
        if self.work.behind or self.state is State.INITIALIZING:
            return now
        moments = [self.looking.measure_due]
        if self.state is State.RUNNING:
            rows = self._running.rows_due(now, self.work.course.row, self.end)
            moments += [rows, self._running.turn_due(), self._running.deadline]
        if self._changed:
            moments.append(self.looking.due)
        if self._unsaved:
            moments.append(self._checkpoint_due)
        return min(moments)

    def turn(self, until: float) -> None:
        """Work until a moment, or until nothing is left to do now."""
        began = monotonic()
        self._guarded(lambda: self._work(until))
        self._guarded(self._tell_what_is_due)
        self.cost += monotonic() - began

    def checkpoint(self, then: Callable[[], None] = lambda: None) -> None:
        """Keep what was found; `then` is called when it is on the disk, or cannot be."""
        self._checkpoint_due = monotonic() + self._around.checkpoint
        if self.work is None or self._failed or self.work.behind:  # What is kept already leads to here.
            self._unsaved = True
            return then()
        self._unsaved = False
        self._keeping.save(self.work.course, self.reader.first(), self.summary(), then)

    def summary(self) -> dict[str, Any]:
        """Return a Summary as a dictionary."""
        assert self.work is not None
        self._clock()
        pushed = max(0, self.end - self.base)
        return self.looking.summary(self.work.course, self.reader, self.run, pushed, monotonic())

    def close(self) -> None:
        """Let go of the task's files and processes."""
        self._keeping.close()
        self._let_go()

    def _let_go(self) -> None:
        """End the task's processes, if it has some; when it runs on they begin again."""
        if self.work is not None:
            self.work.course.close()

    def _work(self, until: float) -> None:
        while self._step(now := monotonic()) and now < until:
            pass

    def _step(self, now: float) -> bool:
        """Do the next thing that is due; say whether there was one."""
        work, running = self.work, self._running
        if work is None or self._failed:
            return False
        if work.behind:
            work.follow()
            self._take_wish()
            return True
        if self.state is State.INITIALIZING:
            return self._finish(State.READY)
        if self.state is not State.RUNNING:
            return False
        if now >= running.deadline:
            return self._finish(State.FINISHED, Fault("timeout", WORDS["timeout"][0]))
        if self._is_over(work):
            return self._finish(State.READY)
        return self._take_rows(work, now) or self._iterate(work, now)

    def _is_over(self, work: Work) -> bool:
        pushed, course = self.end - self.base, work.course
        if reached(self.wish.pace, course.iterations, pushed):
            return True
        algorithm = course.algorithm
        found = {"clusters": algorithm.n_clusters_, "settled": algorithm.settled_} if algorithm else {}
        figures = {"iterations": course.iterations, "rows": pushed, "clusters": 0, "settled": 0}
        return met(self.wish.pace, figures | (found if course.found else {}))

    def _take_rows(self, work: Work, now: float) -> bool:
        running, course = self._running, work.course
        if running.resting or (now < running.turns.due and not course.is_one_pass):
            running.target = self.end
        stop = next_stop(self.wish.pace, course.iterations, self.end - self.base)
        left = stop - course.iterations if course.counts_rows else inf
        most = min(running.allowance.rows(now), piece(self.dim), left)
        if course.row >= running.target or most < 1:
            return False
        running.allowance.take(work.take(running.target, most))
        running.resting = False
        if course.is_one_pass:
            running.target = course.row  # These are looked at before others come.
        self._changed = self._unsaved = True
        self._telling.row(work.course.row)
        return True

    def _iterate(self, work: Work, now: float) -> bool:
        if now < self._running.turn_due():
            return False
        counted = work.course.iterate()
        settled = work.course.algorithm is not None and work.course.algorithm.settled_
        self._running.turned(now, self.end, counted=counted, settled=settled)
        self._changed = self._changed or counted
        self._unsaved = self._unsaved or counted
        return True

    def _take_wish(self) -> None:
        if self.work is not None and not self.work.behind and self.work.course.wish != self.wish:
            self.work.course.reconfigured(self.wish, self.reader)
            self._running.resting = False
            self._changed = True
            self.checkpoint()

    def _rest(self, state: State) -> None:
        self._clock()
        self.state = state
        self.looking.measure_soon()
        self._guarded(self._tell_all)
        self._guarded(self.checkpoint)
        self._let_go()

    def _finish(self, state: State, fault: Fault | None = None) -> bool:
        """End the run; return False, for there is nothing more to do."""
        self._clock()
        self.state = state
        self.looking.measure_soon()
        self._tell_all()
        self._telling.ended(state, fault, self._order)
        self._let_go()
        return False

    def _tell_what_is_due(self) -> None:
        if self.work is None or self._failed:
            return
        self._telling.events(self.work.course)
        now = monotonic()
        due = now >= self.looking.measure_due or (self._changed and now >= self.looking.due)
        if due and not self.work.behind:
            self._tell_all()
        if self._unsaved and now >= self._checkpoint_due:
            self.checkpoint()

    def _tell_all(self) -> None:
        self._changed = True
        if self.work is None or self._failed or self.work.behind:  # Then it is told when it is there.
            return
        self.work.look()
        self._telling.events(self.work.course)
        self._telling.row(self.work.course.row if self.state is State.RUNNING else self.end, 1)
        self._telling.summary(self.summary())
        self._changed = False

    def _clock(self) -> None:
        """Count the time that has passed as the run's, when it runs."""
        now = monotonic()
        if self.state is State.RUNNING and self.work is not None:
            self.work.course.seconds += now - self._since
        self._since = now

    def _guarded(self, action: Callable[[], Any]) -> None:
        """Do something; whatever goes wrong ends this task, and no other."""
        try:
            action()
        except Exception as error:
            self._around.log(f"Task {self.id} failed:\n{traceback.format_exc()}")
            self._fail(_fault(error))

    def _fail(self, fault: Fault) -> None:
        self._failed = True
        self.state = State.FINISHED
        self._telling.ended(State.FINISHED, fault, self._order)


def _fault(error: Exception) -> Fault:
    if isinstance(error, ShoalError):
        return Fault(error.error_code, str(error))
    return Fault("internal", f"The algorithm failed: {type(error).__name__}: {error}")
