"""The states of a live task, and what may be done in each (the state machine of the older service)."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a live task is in its life; a failure is FINISHED with an error."""

    CREATED = "created"
    INITIALIZING = "initializing"
    READY = "ready"
    RUNNING = "running"
    IDLE = "idle"
    FINISHED = "finished"


ALIVE = frozenset({State.READY, State.RUNNING, State.IDLE})
