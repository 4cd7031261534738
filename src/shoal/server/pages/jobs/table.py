"""One page of the list of jobs, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from shoal.access import Actor
from shoal.base import clock
from shoal.jobs.states import ACTIVE, ENDS, Reason, State
from shoal.jobs.store import queueing, reading
from shoal.jobs.store.browsing import MOST_COUNTED, Known, Line, children, count, newest
from shoal.jobs.store.explaining import explain
from shoal.server.pages.address import Pages
from shoal.server.pages.job_words import is_own
from shoal.server.pages.jobs.wanted import GROUPS, SIZE, Wanted, known_to
from shoal.studies.wording import counted

# What everybody expects of a queue; the other reasons need somebody.
ORDINARY = (Reason.READY, Reason.TIME, Reason.DEPENDENCY)
MOST_STUCK = 2
COUNTED = ("queued", "running", "retrying", "failed", "succeeded", "cancelled")


class Family(NamedTuple):
    """The children of a job: how many there are, and in which states."""

    counts: Mapping[State, int]

    @property
    def total(self) -> int:
        """Return how many there are."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """Return how many have ended."""
        return self._of(*ENDS)

    @property
    def failed(self) -> int:
        """Return how many ended without success."""
        return self._of(*(ENDS - {State.SUCCEEDED}))

    @property
    def running(self) -> int:
        """Return how many are at work."""
        return self._of(*ACTIVE)

    @property
    def sentence(self) -> str:
        """Return `61 of 100 done, 2 failed`."""
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.ended:,} of {self.total:,} done{failed}"

    def _of(self, *states: State) -> int:
        return sum(self.counts.get(state, 0) for state in states)


class Row(NamedTuple):
    """One line of the table; `family` is None for a job without children."""

    line: Line
    family: Family | None

    @property
    def seconds(self) -> float | None:
        """Return how long it took, or has taken; None before it started."""
        if self.line.started is None:
            return None
        return ((self.line.ended or clock.now()) - self.line.started) / clock.SECOND

    @property
    def share(self) -> float | None:
        """Return how much of it is done, 0 to 1; None when nobody knows."""
        progress = self.line.progress
        if progress is None or not progress.total:
            return None
        return min(max(progress.done / progress.total, 0.0), 1.0)


class CountedPages(Pages):
    """Where a list stands that is counted only so far."""

    @property
    def words(self) -> str:
        """Return how many there are: `600`, or `more than 10,000`."""
        return f"more than {MOST_COUNTED:,}" if self.total > MOST_COUNTED else f"{self.total:,}"

    @property
    def sentence(self) -> str:
        """Return `1-50 of 600`, or `1-50 of more than 10,000` where counting stops."""
        if self.total <= MOST_COUNTED:
            return super().sentence
        return f"{self.offset + 1:,}\N{EN DASH}{self.offset + self.size:,} of {self.words}"


class Table(NamedTuple):
    """One page of the list, and what stands around it."""

    rows: list[Row]
    pages: CountedPages
    counts: list[tuple[str, int]]
    known: Known
    why: str
    hidden: int


def rows_of(conn: Connection, found: Sequence[Line]) -> list[Row]:
    """Return lines with their children counted."""
    families = children(conn, [line.id for line in found])
    return [Row(line, Family(families[line.id]) if line.id in families else None) for line in found]


def table(conn: Connection, actor: Actor, wanted: Wanted) -> Table:
    """Return the page of the list that somebody asks for."""
    every = known_to(conn, actor)
    kinds, owners = wanted.kinds(every), wanted.owners(actor)
    before = Pages(wanted.page, 0, SIZE).offset
    asked = wanted.filter(actor, every)
    found = newest(conn, asked, SIZE, offset=before)
    by_state = reading.counts(conn, owners=owners, kinds=kinds)
    is_counted = bool(wanted.state) and not (wanted.text or wanted.label or wanted.since)
    if is_counted:
        total = sum(by_state[state] for state in GROUPS[wanted.state])
    else:
        total = count(conn, asked) if before or len(found) == SIZE else len(found)
    leaves_out = not wanted.kind and any(is_own(kind) for kind in every.kinds)
    whole = reading.counts(conn, owners=owners) if leaves_out else {}
    return Table(
        rows_of(conn, found),
        CountedPages(wanted.page, total, SIZE),
        [(name, sum(by_state[state] for state in GROUPS[name])) for name in COUNTED],
        every,
        _why(conn, owners, by_state),
        sum(whole.values()) - sum(by_state.values()) if whole else 0,
    )


def _why(conn: Connection, owners: list[str] | None, counts: Mapping[State, int]) -> str:
    """Return why jobs wait, in sentences; empty when none does."""
    waiting = counts[State.QUEUED] + counts[State.RETRYING]
    if not waiting:
        return ""
    active = sum(counts[state] for state in ACTIVE)
    told = [f"{counted(waiting, 'job')} {'waits' if waiting == 1 else 'wait'}, {active:,} at work."]
    groups = queueing.waiting(conn, owners)
    ready = [group for group in groups if group.reason is Reason.READY]
    if ready:
        told.append(f"Next: job {min(ready, key=lambda group: group.rank or 0).first}.")
    stuck = [group for group in groups if group.reason not in ORDINARY][:MOST_STUCK]
    return " ".join([*told, *(f"Job {one.first}: {explain(conn, one.first).sentences[0]}" for one in stuck)])
