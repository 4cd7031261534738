"""A bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from shoal.cli.output import say
from shoal.studies.wording import remaining as rounded

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_EVERY = 10.0
ENOUGH_ITEMS = 10
ENOUGH_SHARE = 0.05


class Report(Protocol):
    """Take how many items are done, how many of these failed, and how many there are."""

    def __call__(self, done: int, failed: int, total: int) -> None:
        """Show the new numbers."""


def remaining(done: int, total: int, seconds: float, then: str = "") -> str:
    """Return the time left in words, when there is something to go by; at the end what comes `then`."""
    if then and done >= total > 0:
        return then
    if (done < ENOUGH_ITEMS and done < ENOUGH_SHARE * total) or not done:
        return "estimating"
    return f"{rounded(seconds / done * (total - done))} left"


def percent(done: int, total: int) -> int:
    """Return whole percents, rounded down so that only the end says 100."""
    return 100 * done // total if total else 100


@contextmanager
def progress(noun: str, then: str = "") -> Iterator[Report]:
    """Show progress on standard error while the block runs; `then` is what follows the last item."""
    if sys.stderr.isatty():
        with _bar(noun, then) as report:
            yield report
    else:
        yield _Lines(noun, then)


@contextmanager
def busy(words: str) -> Iterator[None]:
    """Show a few words on a terminal until the block ends, and take them away again."""
    if sys.stderr.isatty():
        sys.stderr.write(words)
        sys.stderr.flush()
    try:
        yield
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r" + " " * len(words) + "\r")
            sys.stderr.flush()


class _Lines:
    def __init__(self, noun: str, then: str) -> None:
        self._noun, self._then = noun, then
        self._started = self._said = time.monotonic()

    def __call__(self, done: int, failed: int, total: int) -> None:
        now = time.monotonic()
        if now - self._said >= LINE_EVERY:
            self._said = now
            left = remaining(done, total, now - self._started, self._then)
            say(f"{done}/{total} {self._noun}, {percent(done, total)}%, {left}" + _failed(failed, ", "))


@contextmanager
def _bar(noun: str, then: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = TextColumn(noun), BarColumn(bar_width=34), TextColumn("{task.fields[state]}")
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield _Bar(shown, shown.add_task(noun, total=None, state="starting"), then)


class _Bar:
    def __init__(self, shown: Progress, task: TaskID, then: str) -> None:
        self._shown, self._task, self._then = shown, task, then
        self._started = time.monotonic()

    def __call__(self, done: int, failed: int, total: int) -> None:
        seconds = time.monotonic() - self._started
        rate = f" {done / seconds:,.0f}/s" if done >= ENOUGH_ITEMS else ""
        left = remaining(done, total, seconds, self._then)
        state = f"{done}/{total} {percent(done, total)}%{rate} {left}{_failed(failed, ' ')}"
        self._shown.update(self._task, completed=done, total=total, state=state)


def _failed(failed: int, before: str) -> str:
    return f"{before}{failed} failed" if failed else ""
