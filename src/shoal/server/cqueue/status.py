"""The older queue's words for the states of a job."""

from __future__ import annotations

from collections.abc import Collection

from shoal.jobs.states import State

PENDING, RETRY = "PENDING", "RETRY"
_WORDS = {
    State.DRAFT: PENDING,
    State.QUEUED: PENDING,
    State.LEASED: "RECEIVED",
    State.RUNNING: "STARTED",
    State.RETRYING: RETRY,
    State.CANCELLING: "CANCELED",
    State.SUCCEEDED: "SUCCESS",
    State.FAILED: "FAILURE",
    State.LOST: "FAILURE",
    State.CANCELLED: "CANCELED",
}
STATUSES = tuple(dict.fromkeys(_WORDS.values()))


def status_of(state: State) -> str:
    """Return the word for a state."""
    return _WORDS[state]


def states_of(status: str) -> Collection[State]:
    """Return the states that a word stands for."""
    return [state for state, word in _WORDS.items() if word == status]
