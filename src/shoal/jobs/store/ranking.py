"""Where a job stands in the queue: priorities that age.

One point of priority is worth a minute of waiting: a job's urgency at time t is
priority + (t - queued) / AGE. Which of two jobs is more urgent does not depend on t, so the order is a
number fixed when the job joins the queue, and an index can hold it.
"""

from __future__ import annotations

from typing import NamedTuple

from shoal.base.clock import SECOND
from shoal.jobs.states import Reason

AGE = 60 * SECOND
_DEPENDENCY, _TIME, _READY = str(Reason.DEPENDENCY), str(Reason.TIME), str(Reason.READY)


class Place(NamedTuple):
    """What a waiting job waits for, when its time comes, and its rank (lower goes first)."""

    waits: str
    due: int
    rank: int


def place(moment: int, *, priority: int, not_before: int | None, pending: int = 0) -> Place:
    """Return the place of a job that joins the queue at a moment."""
    due = max(moment, not_before or 0)
    waits = _DEPENDENCY if pending else _TIME if due > moment else _READY
    return Place(waits, due, due - priority * AGE)
