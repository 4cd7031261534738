"""Passes of infrastructures as jobs: one at a time each, by the home that holds their secrets."""

from __future__ import annotations

from sqlalchemy import Connection, select

from shoal.infra.model import Infrastructure
from shoal.infra.states import Phase
from shoal.jobs.model import HOUSE, NO_RETRY, NewJob, Retry
from shoal.jobs.states import ENDS
from shoal.jobs.states import State as JobState
from shoal.jobs.store import cancelling, limits, submission
from shoal.jobs.store import reading as reading_jobs
from shoal.jobs.store.tables import jobs

PASS = "infra.pass"
SWEEP, GLANCE = "infra.sweep", "infra.glance"
LABEL = "infra"  # what the pool of passes offers, and no other
# A pass goes on from rows and tags, so being killed is no reason to give up.
_AGAIN = Retry(
    max_attempts=1000, on=("lost", "exit", "memory", "timeout", "error"), backoff=0.2, max_delay=30.0
)


def group_of(id: str) -> str:
    """Return the group of an infrastructure's passes."""
    return f"{LABEL}:{id}"


def labels_of(home: str) -> tuple[str, ...]:
    """Return what the passes of a home demand of their workers."""
    return LABEL, f"{LABEL}:{home}"


def serialise(conn: Connection, id: str) -> None:
    """Let no two passes of an infrastructure be at work at once."""
    limits.set_limit(conn, group=group_of(id), n=1)


def release(conn: Connection, id: str) -> None:
    """Forget the limit of an infrastructure that has no more passes."""
    limits.set_limit(conn, group=group_of(id), n=None)


def submit(conn: Connection, infra: Infrastructure, why: str) -> int:
    """Return a pass that begins after this commit: one that waits already, or a new one."""
    if infra.job is not None and _waits(conn, infra.job):
        return infra.job
    job = NewJob(
        PASS,
        {"infra": infra.id},
        name=f"{infra.name}: {why}",
        labels=labels_of(infra.home),
        retry=_AGAIN,
        group=group_of(infra.id),
    )
    return submission.submit(conn, HOUSE, [job])[0]


def supersede(conn: Connection, job: int) -> None:
    """End a pass that waits to be tried again: a newer one has taken its place."""
    query = select(jobs.c.id).where(jobs.c.id == job, jobs.c.state == JobState.RETRYING.value)
    if conn.execute(query.with_for_update(skip_locked=True)).first() is not None:
        cancelling.cancel(conn, [job])


def glance(conn: Connection, infra: Infrastructure) -> int | None:
    """Hand in a look at an infrastructure's machines; None while a pass looks at them, or none are there."""
    if infra.phase is Phase.DESTROYED or at_work(conn, infra):
        return None
    job = NewJob(
        GLANCE,
        {"infra": infra.id},
        name=f"{infra.name}: a look",
        labels=labels_of(infra.home),
        group=group_of(infra.id),
        retry=NO_RETRY,
    )
    return submission.submit(conn, HOUSE, [job])[0]


def at_work(conn: Connection, infra: Infrastructure) -> bool:
    """Say whether a pass waits or is at work."""
    if infra.job is None:
        return False
    state = conn.execute(select(jobs.c.state).where(jobs.c.id == infra.job)).scalar()
    return state is not None and JobState(state) not in ENDS


def are_left(conn: Connection, home: str) -> bool:
    """Say whether jobs of a home wait or were at work when it was closed, but for the keeper."""
    states = [state for state in JobState if state not in ENDS]
    left = reading_jobs.find(conn, kinds=[PASS, SWEEP, GLANCE], states=states, limit=1000)
    return any(f"{LABEL}:{home}" in job.labels for job in left)


def _waits(conn: Connection, id: int) -> bool:
    # A pass that is just being leased is locked, and may have asked for the wish already.
    query = select(jobs.c.id).where(jobs.c.id == id, jobs.c.state == JobState.QUEUED.value)
    return conn.execute(query.with_for_update(skip_locked=True)).first() is not None
