"""Finding what the page of a job shows, in one reading of the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from fastapi import Depends, Path
from sqlalchemy import Connection

from shoal.access import Action, Actor
from shoal.base import clock
from shoal.jobs.model import Attempt, Generation, Job
from shoal.jobs.states import ACTIVE, ENDS, State
from shoal.jobs.store import browsing, reading
from shoal.jobs.store.browsing import JobFilter, Line, Link
from shoal.jobs.store.explaining import explain
from shoal.jobs.titles import title_of
from shoal.server import offload
from shoal.server.api.waiting import LATEST
from shoal.server.job_acts import allowed
from shoal.server.pages.jobs.table import Family, Row, rows_of
from shoal.server.pages.jobs.wanted import PATH
from shoal.server.parts import House
from shoal.server.rules import Rule

Id = Annotated[int, Path(ge=1, le=LATEST)]
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]
Changer = Annotated[Actor, Depends(Rule(Action.JOB_CHANGE))]
MOST_CHILDREN, MOST_LINKS = 50, 20
_ORDER = (State.FAILED, State.LOST, State.RUNNING, State.LEASED, State.CANCELLING, State.RETRYING)


class Seen(NamedTuple):
    """A job as its page shows it."""

    job: Job
    line: Line
    attempts: list[Attempt]
    generations: list[Generation]
    parent: Line | None
    family: Family | None
    children: list[Row]
    after: list[Link]
    before: list[Link]
    why: tuple[str, ...]

    @property
    def ended(self) -> bool:
        """Say whether it is over."""
        return self.job.state in ENDS

    @property
    def newest(self) -> Attempt | None:
        """Return the last attempt, if any was made."""
        return self.attempts[-1] if self.attempts else None

    @property
    def seconds(self) -> float | None:
        """Return how long it ran, or has run; None before."""
        if self.job.started is None:
            return None
        return ((self.job.ended or clock.now()) - self.job.started) / clock.SECOND

    @property
    def label(self) -> str:
        """Return what it is called."""
        return self.job.name or title_of(self.job.spec) or f"Job {self.job.id}"


async def seen(house: House, actor: Actor, id_: int) -> Seen:
    """Return a job with what is around it; raises NotFound."""

    def look(conn: Connection) -> Seen:
        job = allowed(conn, actor, Action.JOB_READ, id_)
        return _seen(conn, job)

    return await offload.read(house.database, look)


async def job_of(house: House, actor: Actor, id_: int, action: Action = Action.JOB_READ) -> Job:
    """Return a job that somebody may see; raises NotFound."""
    return await offload.read(house.database, lambda conn: allowed(conn, actor, action, id_))


async def attempt_of(house: House, actor: Actor, id_: int, fence: int | None) -> Attempt | None:
    """Return an attempt at a job by its fence, else the newest; None when there is none."""

    def look(conn: Connection) -> Sequence[Attempt]:
        allowed(conn, actor, Action.JOB_READ, id_)
        return reading.attempts_of(conn, id_)

    return chosen(await offload.read(house.database, look), fence)


def chosen(attempts: Sequence[Attempt], fence: int | None) -> Attempt | None:
    """Return the attempt with a fence, the newest when none has it; None when there is none."""
    newest = attempts[-1] if attempts else None
    return next((one for one in attempts if one.fence == fence), newest)


def path_of(job: Job) -> str:
    """Return where a job's page is."""
    return f"{PATH}/{job.id}"


def _seen(conn: Connection, job: Job) -> Seen:
    counts = browsing.children(conn, [job.id]).get(job.id)
    own = browsing.lines_of(conn, [job.id, *([job.parent] if job.parent else [])])
    waits = job.state not in ENDS and job.state not in ACTIVE
    return Seen(
        job,
        own[job.id],
        reading.attempts_of(conn, job.id),
        reading.generations_of(conn, job.id),
        own.get(job.parent) if job.parent else None,
        Family(counts) if counts else None,
        _children(conn, job) if counts else [],
        [link for link in browsing.upstream(conn, job.id, MOST_LINKS) if link.line.parent != job.id],
        [link for link in browsing.downstream(conn, job.id, MOST_LINKS) if link.line.id != job.parent],
        explain(conn, job.id).sentences if waits else (),
    )


def _children(conn: Connection, job: Job) -> list[Row]:
    """Return the children that somebody looks for first: what failed and what is at work, then the rest."""
    urgent, _ = browsing.job_page(
        conn, JobFilter(parent=job.id, states=_ORDER), offset=0, limit=MOST_CHILDREN
    )
    rest, _ = browsing.job_page(conn, JobFilter(parent=job.id), offset=0, limit=MOST_CHILDREN)
    known = {line.id for line in urgent}
    found = [*urgent, *(line for line in rest if line.id not in known)]
    shown = sorted(found[:MOST_CHILDREN], key=lambda line: (line.array_index or 0, line.id))
    return rows_of(conn, shown)
