"""What went wrong in a pass: what is tried again, what is passed over, and what is given up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from shoal.base.clock import SECOND
from shoal.base.errors import ShoalError
from shoal.infra.deciding.decision import Setbacks
from shoal.infra.deciding.patience import Patience
from shoal.infra.errors import Throttled


class _Call(NamedTuple):
    tries: int = 0  # how often it failed
    pauses: int = 0
    again: int = 0  # when it may be made again


class Troubles:
    """Count failures of one pass by node, implementation and call; threads may share it."""

    def __init__(self, attempts: int, patience: Patience, clock: Callable[[], int]) -> None:
        self.attempts = attempts
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[tuple[str, int | str], int] = {}
        self._shunned: dict[str, dict[int, int | None]] = {}  # until when; None: for good
        self._given_up: dict[str, str] = {}
        self._calls: dict[str, _Call] = {}
        self.first: ShoalError | None = None

    def now(self) -> Setbacks:
        """Return what is given up and passed over at the moment."""
        moment = self._clock()
        with self._lock:
            shunned = {
                node: {number for number, until in by.items() if until is None or until > moment}
                for node, by in self._shunned.items()
            }
            return Setbacks(dict(self._given_up), shunned)

    def full(self, node: str, implementation: int, offered: int, error: ShoalError) -> None:
        """Pass over an implementation for a while, and for good when that came too often."""
        with self._lock:
            by, moment = self._shunned.setdefault(node, {}), self._clock()
            until = by.get(implementation, 0)
            if until is None or until > moment:
                return  # Another machine of the same wave has said so.
            count = self._count(node, implementation)
            pause = round(self._patience.pause(count) * SECOND)
            by[implementation] = None if count >= self.attempts else moment + pause
            self._give_up_if_none_is_left(node, offered, error)

    def refused(self, node: str, implementation: int, offered: int, error: ShoalError) -> None:
        """Pass over an implementation for good; `offered` is how many there are."""
        with self._lock:
            self._shunned.setdefault(node, {})[implementation] = None
            self._give_up_if_none_is_left(node, offered, error)

    def failed(self, node: str, number: int, error: ShoalError) -> None:
        """Count a machine that never became ready; the node is given up when its place has had too many."""
        with self._lock:
            if self._count(node, f"#{number}") >= self.attempts:
                self._note(error)
                self._given_up.setdefault(node, error.message)

    def note(self, error: ShoalError) -> None:
        """Keep an error to be told at the end, unless there was one before it."""
        with self._lock:
            self._note(error)

    def call_failed(self, key: str, error: ShoalError) -> int:
        """Count a call that failed; it may be made again after a pause. Return how often it has failed.

        To be told to call less often is no failure, it makes the pauses longer.
        """
        with self._lock:
            known = self._calls.get(key, _Call())
            tries = known.tries + (not isinstance(error, Throttled))
            again = self._clock() + round(self._patience.pause(known.pauses + 1) * SECOND)
            self._calls[key] = _Call(tries, known.pauses + 1, again)
            if tries >= self.attempts:
                self._note(error)
            return tries

    def may_call(self, key: str) -> bool:
        """Say whether the pause after a failed call is over."""
        with self._lock:
            return self._calls.get(key, _Call()).again <= self._clock()

    def tries(self, key: str) -> int:
        """Return how often a call has failed."""
        with self._lock:
            return self._calls.get(key, _Call()).tries

    def _count(self, node: str, what: int | str) -> int:
        count = self._failures[node, what] = self._failures.get((node, what), 0) + 1
        return count

    def _give_up_if_none_is_left(self, node: str, offered: int, error: ShoalError) -> None:
        if sum(until is None for until in self._shunned[node].values()) >= offered:
            self._note(error)
            self._given_up.setdefault(node, error.message)

    def _note(self, error: ShoalError) -> None:
        self.first = self.first or error
