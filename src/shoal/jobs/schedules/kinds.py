"""The kind of job that wakes a schedule."""

from __future__ import annotations

from shoal.jobs.kinds import Kind, register
from shoal.jobs.schedules import ticking
from shoal.jobs.schedules.keeping import TICK
from shoal.jobs.schedules.ticking import Submit

_TICK = Kind(
    TICK, run="shoal.jobs.schedules.ticking:run", record=ticking.record, mourn=ticking.mourn, elsewhere=False
)


def register_kinds(submit: Submit) -> None:
    """Make the kind known to this process, and how templates become jobs."""
    register(_TICK)
    ticking.submit_with(submit)
