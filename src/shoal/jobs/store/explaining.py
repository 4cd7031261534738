"""Saying in words why a job is where it is: what it waits for, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select, text

from shoal.base.clock import SECOND, isoformat
from shoal.base.transaction import now
from shoal.jobs.model import Job
from shoal.jobs.states import ACTIVE, ENDS, Reason, State
from shoal.jobs.store import lanes, limits, registry
from shoal.jobs.store.reading import attempts_of, get
from shoal.jobs.store.tables import IS_READY, jobs
from shoal.jobs.store.tables import dependencies as links

MAX_NAMED = 5
_START_ONE = "Start one elsewhere (`shoal worker`), or give the server some (`shoal serve --workers N`)."
_OF_READY = (Reason.READY, Reason.LIMIT, Reason.LABEL, Reason.RATE, Reason.DRAIN)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a job is where it is: sentences for a person, the most important first.

    `ahead` counts the jobs that go first among those that ask the same of a worker; None unless it is ready.
    """

    job: int
    state: State
    reason: Reason | None
    sentences: tuple[str, ...]
    waits_for: tuple[int, ...] = ()
    ahead: int | None = None


def explain(conn: Connection, id_: int) -> Explanation:
    """Return why a job waits, runs or ended as it did; raises NotFound."""
    job = get(conn, id_)
    moment = now(conn)
    upstream = _unfinished(conn, job)
    ahead = _ahead(conn, job) if job.reason in _OF_READY else None
    if job.state in ENDS:
        sentences = _of_end(job)
    elif job.state in ACTIVE:
        sentences = _of_activity(conn, job)
    else:
        sentences = _of_waiting(conn, job, upstream, ahead, moment)
    return Explanation(job.id, job.state, job.reason, tuple(sentences), tuple(upstream), ahead)


def _of_end(job: Job) -> list[str]:
    message = (job.error or {}).get("message", "")
    tries = f" after {job.attempts} attempts" if job.attempts > 1 else ""
    return [f"It {_PAST[job.state]}{tries}.", *([message] if message else [])]


_PAST = {
    State.SUCCEEDED: "succeeded",
    State.FAILED: "failed",
    State.CANCELLED: "was cancelled",
    State.LOST: "was lost: every worker that tried it died",
}


def _of_activity(conn: Connection, job: Job) -> list[str]:
    attempt = attempts_of(conn, job.id)[-1]
    verb = {State.LEASED: "was given to", State.RUNNING: "runs on"}.get(job.state, "is being stopped on")
    where = f" ({attempt.host})" if attempt.host else ""
    since = isoformat(attempt.started or attempt.leased)
    return [f"It {verb} worker {attempt.worker}{where} since {since}, attempt {attempt.number}."]


def _of_waiting(
    conn: Connection, job: Job, upstream: dict[int, State], ahead: int | None, moment: int
) -> list[str]:
    if job.state is State.DRAFT:
        return ["It is a draft: nothing happens before it is released."]
    sentences = []
    if job.error:
        sentences.append(f"Attempt {job.attempts} did not succeed: {job.error.get('message', '')}")
    if job.reason is Reason.DEPENDENCY:
        named = ", ".join(f"{id_} ({state})" for id_, state in list(upstream.items())[:MAX_NAMED])
        more = len(upstream) - MAX_NAMED
        sentences.append(f"It waits for job {named}{f' and {more} more' if more > 0 else ''}.")
    elif job.reason is Reason.TIME and job.due is not None:
        seconds = max(0.0, (job.due - moment) / SECOND)
        sentences.append(f"It waits until {isoformat(job.due)}, {seconds:.0f} s from now.")
    else:
        sentences += _of_readiness(conn, job, ahead or 0, moment)
    return sentences


def nobody_for(conn: Connection, kind: str) -> str:
    """Return what to do when none of the workers that are there does jobs of a kind; empty when one does."""
    there = registry.present(conn, now(conn))
    if not there or any(worker.kinds is None or kind in worker.kinds for worker in there):
        return ""
    return f"No worker does such jobs yet. {_START_ONE}"


def _of_readiness(conn: Connection, job: Job, ahead: int, moment: int) -> list[str]:
    workers = registry.present(conn, moment)
    lane = lanes.Lane(0, job.owner, job.kind, job.labels, job.resources, job.group)
    if job.reason in (Reason.LIMIT, Reason.RATE):
        return [_of_limit(conn, lane, moment)]
    if not workers:
        return ["It is ready, but no worker has asked for work in the last minute.", _START_ONE]
    if job.reason is Reason.LABEL:
        return [
            f"It needs a worker with the labels {', '.join(job.labels)}, and none of {len(workers)} has them."
        ]
    if job.reason is Reason.DRAIN:
        able = ", ".join(worker.name for worker in workers if worker.labels.issuperset(job.labels))
        return [f"Those that could do it are draining, they take no more jobs: {able}."]
    if not any(worker.can_do(lane) for worker in workers):
        needs = ", ".join(f"{name} {amount:g}" for name, amount in job.resources.items())
        needed = f"It needs a worker that does {job.kind}{f' and has {needs} free' if needs else ''}."
        return [needed, *([] if job.kind in _done(workers) else [_START_ONE])]
    return [
        f"It is ready; {ahead} of its kind go before it." if ahead else "It is ready and next of its kind."
    ]


def _done(workers: Sequence[registry.Worker]) -> set[str]:
    """Return the kinds of job that workers do; those that do any are left out."""
    return {kind for worker in workers for kind in worker.kinds or ()}


def _of_limit(conn: Connection, lane: lanes.Lane, moment: int) -> str:
    room = limits.room(conn, [lane], moment, lock=False)
    every = limits.every(conn)
    scope = min(room.left, key=lambda scope: room.left[scope])
    if scope[0] == limits.RATE:
        opens = room.rates[scope[1]].after(0, moment).opens
        until = f", the next at {isoformat(opens)}" if opens is not None else ""
        return f"{scope[1]} may start {every[scope]} jobs a minute{until}."
    allowed = every.get(scope, every.get(limits.EVERYONE))
    return f"The {scope[0]} {scope[1]} may have {allowed} active at once, and has them."


def _unfinished(conn: Connection, job: Job) -> dict[int, State]:
    if job.reason is not Reason.DEPENDENCY:
        return {}
    query = select(jobs.c.id, jobs.c.state).join(links, links.c.upstream == jobs.c.id)
    rows = conn.execute(query.where(links.c.job == job.id, ~links.c.settled).order_by(jobs.c.id))
    return {id_: State(state) for id_, state in rows}


def _ahead(conn: Connection, job: Job) -> int:
    this = select(jobs.c.lane, jobs.c.rank, jobs.c.id).where(jobs.c.id == job.id).subquery()
    sooner = or_(jobs.c.rank < this.c.rank, (jobs.c.rank == this.c.rank) & (jobs.c.id < this.c.id))
    query = select(func.count()).select_from(jobs).join(this, jobs.c.lane == this.c.lane)
    return conn.execute(query.where(text(IS_READY), sooner)).scalar_one()
