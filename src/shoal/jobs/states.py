"""The states of a job and what may follow what."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a job is in its life."""

    DRAFT = "draft"
    QUEUED = "queued"
    LEASED = "leased"
    RUNNING = "running"
    RETRYING = "retrying"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


class Reason(StrEnum):
    """Why a queued or retrying job waits; READY means that only a free worker is missing."""

    READY = "ready"
    DEPENDENCY = "dependency"
    TIME = "time"
    LIMIT = "limit"
    LABEL = "label"
    RATE = "rate"
    DRAIN = "drain"


BY_NAME = {state.value: state for state in State}  # Calling the enumeration takes ten times as long.
WAITING = frozenset({State.QUEUED, State.RETRYING})
ACTIVE = frozenset({State.LEASED, State.RUNNING, State.CANCELLING})
ENDS = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST})
