"""One play of a task: when it may take rows and turns, and when its time is over."""

from __future__ import annotations

from math import inf
from time import monotonic

from shoal.live.host.pacing import Allowance, Turns, endless
from shoal.live.model import Pace


class Running:
    """Weigh what is due; `target` is the row up to which rows are taken before the next turn."""

    def __init__(self, pace: Pace, timeout: float | None) -> None:
        self._began = monotonic()
        self.deadline = self._began + timeout if timeout is not None else inf
        self.target = 0
        self.resting = False
        self.paced(pace)

    def paced(self, pace: Pace) -> None:
        """Go on at another pace; time that has passed counts."""
        self.allowance = Allowance(pace.data_freq)
        self.turns = Turns(pace.iter_freq)
        self.endless = endless(pace)
        self.resting = False

    def timed(self, timeout: float) -> None:
        """Let it end so many seconds after it began; 0 is never."""
        self.deadline = self._began + timeout if timeout > 0 else inf

    def turned(self, now: float, end: int, *, counted: bool, settled: bool) -> None:
        """Note a turn; after one that changed nothing, and of which no number ends the run, it rests."""
        self.turns.taken(now)
        self.target = end
        self.resting = not counted or (settled and self.endless)

    def rows_due(self, now: float, row: int, end: int) -> float:
        """Return when rows may be taken; infinity when there are none."""
        return self.allowance.due(now) if row < end else inf

    def turn_due(self) -> float:
        """Return when the next turn may be; infinity while it rests."""
        return inf if self.resting else self.turns.due
