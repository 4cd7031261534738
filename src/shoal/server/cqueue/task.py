"""A task: one of our jobs, by the id that its sender was given."""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Depends, Path
from sqlalchemy import Connection

from shoal.access import Action, Actor
from shoal.base.errors import NotFound
from shoal.jobs.model import Attempt, Job
from shoal.jobs.store import reading
from shoal.server.cqueue.document import FACE
from shoal.server.cqueue.status import status_of
from shoal.server.job_acts import allowed
from shoal.server.rules import Rule
from shoal.storage.words import shown

ID = re.compile(r"task_[0-9a-f-]{36}")
Id = Annotated[str, Path(max_length=200)]
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]


def new_id() -> str:
    """Return an id that nobody can guess."""
    return f"task_{uuid4()}"


def found_task(conn: Connection, actor: Actor, action: Action, id_: str) -> Job:
    """Return the job of a task that an actor may do something to; raises NotFound and Forbidden."""
    job = reading.resolve_external(conn, FACE, id_) if ID.fullmatch(id_) else None
    if job is None:
        raise unknown(id_)
    try:
        return allowed(conn, actor, action, job)
    except NotFound:
        raise unknown(id_) from None


def unknown(id_: str) -> NotFound:
    """Return the error for a task that is not there, or may not be seen."""
    return NotFound(f"There is no task {shown(id_)}.", code="unknown_task")


def described(job: Job, attempts: list[Attempt]) -> dict[str, Any]:
    """Return a task with what its attempts came to; times are microseconds since 1970."""
    return {
        "id": job.external_ids.get(FACE, ""),
        "status": status_of(job.state),
        "job": job.id,
        "type": job.kind,
        "created": job.created,
        "started": job.started,
        "ended": job.ended,
        "error": job.error and job.error.get("message"),
        "attempts": [_told(each) for each in attempts],
    }


def _told(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "status": status_of(attempt.state),
        "worker": attempt.worker,
        "exit_code": attempt.exit_code,
        "started": attempt.started,
        "ended": attempt.ended,
        "error": attempt.error and attempt.error.get("message"),
        "container": (attempt.facts or {}).get("container"),
    }
