"""The kinds of job that hold others together."""

from __future__ import annotations

from shoal.jobs.kinds import Kind, register
from shoal.jobs.requests.passing import mourn_heads, record_head

_GATHER = "shoal.jobs.requests.gathering:run"
STEPS = Kind("steps", run=_GATHER, record=record_head, mourn=mourn_heads, elsewhere=False)
ARRAY = Kind("array", run=_GATHER, record=record_head, mourn=mourn_heads, elsewhere=False)


def register_kinds() -> None:
    """Make the kinds known to this process."""
    for kind in (STEPS, ARRAY):
        register(kind)
