"""What is done to jobs that are there, by programs as by forms."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from shoal.access import Action, Actor, Resource, require
from shoal.jobs import logs
from shoal.jobs.kinds import registered
from shoal.jobs.model import Job
from shoal.jobs.requests import passing
from shoal.jobs.store import reading
from shoal.jobs.store.browsing import Line
from shoal.server.parts import House


def allowed(conn: Connection, actor: Actor, action: Action, job: int) -> Job:
    """Return a job that an actor may do something to; raises NotFound and Forbidden."""
    found = reading.get(conn, job)
    require(actor, action, Resource("job", job, found.owner))
    return found


def may_change(actor: Actor, job: Line | Job) -> None:
    """Pass when an actor may change a job, and run what it runs; raises NotFound or Forbidden."""
    require(actor, Action.JOB_CHANGE, Resource("job", job.id, job.owner))
    kind = registered().get(job.kind)
    if kind is not None and (kind.charged or job.kind in passing.HEADS):
        require(actor, Action.JOB_EXECUTE, Resource("job", job.id, job.owner))


def drop_logs(house: House, keys: Sequence[str]) -> None:
    """Delete the logs of jobs that were removed."""
    for key in keys:
        logs.remove(house.home.logs, key)
