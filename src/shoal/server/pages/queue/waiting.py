"""What waits and why, and what failed for good: a line for what is alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from shoal.access import Actor
from shoal.jobs.schedules.keeping import TICK
from shoal.jobs.states import State
from shoal.jobs.store import browsing, queueing
from shoal.jobs.store.browsing import JobFilter, Line
from shoal.jobs.store.explaining import explain
from shoal.jobs.store.queueing import Group
from shoal.live.kinds import HOST
from shoal.live.store.reading import is_any_hosted
from shoal.server.pages.job_words import is_own

MOST_GROUPS, MOST_FAILED, MOST_FAULTS = 12, 500, 10


class Waiting(NamedTuple):
    """A group that waits, and the sentences that say why its first job does."""

    group: Group
    sentences: tuple[str, ...]


class Fault(NamedTuple):
    """Jobs that failed alike: with the same words, of the same kind; the newest first."""

    message: str
    kind: str
    lines: list[Line]

    @property
    def ids(self) -> str:
        """Return their ids as a form sends them."""
        return ",".join(str(line.id) for line in self.lines)


class Waits(NamedTuple):
    """The largest groups that wait, and how many jobs wait in the others."""

    shown: list[Waiting]
    jobs: int
    rest: int


def waiting(conn: Connection, owner: str | None) -> list[Group]:
    """Return what waits, of one owner or of all, but for what the house keeps ready for itself.

    Hosts of live tasks are handed in with the first task and stay; they wait for nobody while no task runs.
    """
    found = queueing.waiting(conn, None if owner is None else [owner])
    kept = {TICK} if is_any_hosted(conn) else {TICK, HOST.name}
    return [one for one in found if one.lane.kind not in kept]


def waits(conn: Connection, actor: Actor) -> Waits:
    """Return what waits of what somebody may see, those first that need somebody."""
    groups = waiting(conn, None if actor.admin else actor.name)
    shown = [Waiting(one, explain(conn, one.first).sentences) for one in groups[:MOST_GROUPS]]
    return Waits(shown, sum(one.number for one in groups), sum(one.number for one in groups[MOST_GROUPS:]))


def faults(conn: Connection, actor: Actor) -> tuple[list[Fault], int]:
    """Return why whole jobs failed for good, the most frequent first, and how many were looked at."""
    known = browsing.known(conn, None if actor.admin else [actor.name])
    wanted = JobFilter(
        owners=None if actor.admin else [actor.name],
        states=(State.FAILED, State.LOST),
        kinds=[kind for kind in known.kinds if not is_own(kind)],
        whole=True,
    )
    found, _ = browsing.job_page(conn, wanted, offset=0, limit=MOST_FAILED)
    return _alike(found)[:MOST_FAULTS], len(found)


def _alike(found: Sequence[Line]) -> list[Fault]:
    by_words: dict[tuple[str, str], list[Line]] = {}
    for line in found:
        by_words.setdefault((line.error, line.kind), []).append(line)
    alike = [Fault(message, kind, lines) for (message, kind), lines in by_words.items()]
    return sorted(alike, key=lambda fault: (-len(fault.lines), -fault.lines[0].id))
