"""Deciding what becomes of a job when an attempt ends."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from shoal.base.clock import SECOND
from shoal.jobs.model import DEFAULT_RETRY, Outcome, Retry
from shoal.jobs.states import State
from shoal.jobs.store.ranking import place
from shoal.jobs.store.tokens import Active

# A service that ran for so long was well: its next failure counts as the first again.
WELL = 60 * SECOND
_EXIT = re.compile(r"exit:(-?[0-9]{1,9})(?:-([0-9]{1,9}))?", re.ASCII).fullmatch


class Verdict(NamedTuple):
    """The next state of a job; for one that waits again, why, until when and at what rank."""

    state: State
    attempts: int
    result: Any = None
    error: Mapping[str, Any] | None = None
    waits: str | None = None
    due: int | None = None
    rank: int | None = None

    @property
    def ended(self) -> bool:
        """Say whether this is an end: nothing is waited for any more."""
        return self.waits is None


def decide(row: Active, outcome: Outcome, moment: int) -> Verdict:
    """Return what becomes of an active job; `row` is what `tokens.held` returns."""
    if row.state == State.CANCELLING:
        return Verdict(State.CANCELLED, row.attempts, error=outcome.error)
    if outcome.state is State.SUCCEEDED:
        return Verdict(State.SUCCEEDED, row.attempts, result=outcome.result)
    if outcome.state is State.CANCELLED:
        return Verdict(State.CANCELLED, row.attempts, error=outcome.error)
    if outcome.state is State.QUEUED:
        return _again(row, State.QUEUED, max(row.attempts - 1, 0), None, moment, moment)
    return _after_failure(row, outcome, moment)


def retry_of(rule: Mapping[str, Any] | None) -> Retry:
    """Return the rule of a job from what is stored of it."""
    return DEFAULT_RETRY if rule is None else Retry(**{**rule, "on": tuple(rule["on"])})


def delay(retry: Retry, failures: int) -> int:
    """Return how long to wait after so many failures, in microseconds, with jitter."""
    growth = retry.factor ** min(failures - 1, 64)
    seconds = min(retry.backoff * growth, retry.max_delay) * random.uniform(
        1 - retry.jitter, 1 + retry.jitter
    )
    return round(seconds * SECOND)


def _after_failure(row: Active, outcome: Outcome, moment: int) -> Verdict:
    lost = outcome.state is State.LOST
    error = dict(outcome.error or {"message": ""})
    error.setdefault("kind", "lost" if lost else "error")
    retry = retry_of(row.retry)
    failures = 1 if row.service and _was_well(row, moment) else row.attempts
    too_late = row.deadline is not None and row.deadline <= moment
    if not too_late and (row.service or (failures < retry.max_attempts and _covers(retry, error))):
        return _again(row, State.RETRYING, failures, error, moment, moment + delay(retry, failures))
    return Verdict(State.LOST if lost else State.FAILED, row.attempts, error=error)


def _again(
    row: Active, state: State, attempts: int, error: Mapping[str, Any] | None, moment: int, due: int
) -> Verdict:
    waits, due, rank = place(moment, priority=row.priority, not_before=due)
    return Verdict(state, attempts, error=error, waits=waits, due=due, rank=rank)


def _covers(retry: Retry, error: Mapping[str, Any]) -> bool:
    return (
        error["kind"] in retry.on
        or error.get("type") in retry.on
        or any(_covers_code(entry, error.get("exit_code")) for entry in retry.on if ":" in entry)
    )


def exit_codes(entry: str) -> range | None:
    """Return the exit codes that `exit:N` or `exit:N-M` stands for; None when an entry is no such thing."""
    if (found := _EXIT(entry)) is None:
        return None
    first = int(found[1])
    return range(first, int(found[2] or first) + 1)


def _covers_code(entry: str, code: object) -> bool:
    return isinstance(code, int) and code in (exit_codes(entry) or ())


def _was_well(row: Active, moment: int) -> bool:
    return row.attempt_started is not None and moment - row.attempt_started >= WELL
