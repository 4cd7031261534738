"""What happens when a cron line comes true: what is due and the next tick, in one transaction.

A tick is a job with a time before which it is not done. It does nothing; it is its end that counts, which
is recorded once, by whichever server. After a time without any server one tick is overdue, and so what was
missed is made up for once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from shoal.base import events
from shoal.base.errors import NotFound, ShoalError
from shoal.base.transaction import now
from shoal.jobs.model import Job
from shoal.jobs.schedules import keeping
from shoal.jobs.schedules.schedule import Schedule
from shoal.jobs.store import forgetting

if TYPE_CHECKING:
    from shoal.jobs.workers.context import Context

# How a template becomes jobs: (connection, owner, template) -> ids. Requests live above schedules, so the
# house says it when it opens.
Submit = Callable[[Connection, str, Mapping[str, Any]], Sequence[int]]
_submit: list[Submit] = []


def submit_with(submit: Submit) -> None:
    """Say how templates become jobs in this process."""
    _submit[:] = [submit]


def run(spec: dict[str, Any], context: Context) -> None:
    """Do nothing, in a worker: the time has come, and that is all."""


def record(conn: Connection, job: Job, _result: Any) -> None:
    """Submit what is due, and the next tick."""
    if (before := job.spec.get("before")) is not None:
        forgetting.forget(conn, [before])
    try:
        schedule = keeping.get(conn, job.spec["schedule"], lock=True)
    except NotFound:
        return
    if schedule.tick == job.id and not schedule.paused:
        _fire(conn, schedule, int(job.spec["due"]))


def mourn(conn: Connection, jobs: Sequence[Job]) -> None:
    """Go on although a tick did not end well: somebody cancelled it, or workers died of it."""
    for job in jobs:
        record(conn, job, None)


def _fire(conn: Connection, schedule: Schedule, due: int) -> None:
    jobs, error = _try(conn, schedule)
    told = {"last": due, "last_jobs": jobs, "runs": schedule.runs + 1, "error": error}
    keeping.arm(conn, schedule, now(conn), **told)
    kind = "failed" if error else "submitted"
    events.append(conn, keeping.TOPIC, schedule.id, kind, {"owner": schedule.owner, "jobs": jobs})


def _try(conn: Connection, schedule: Schedule) -> tuple[list[int], str]:
    """Submit the template; of one that cannot be submitted nothing stays but the reason."""
    template = {key: value for key, value in schedule.template.items() if key != "idempotency_key"}
    template["extra"] = {**(template.get("extra") or {}), "schedule": schedule.id}
    told = len(conn.info.get("events", ()))
    try:
        with conn.begin_nested():
            return list(_submit[0](conn, schedule.owner, template)), ""
    except ShoalError as error:
        del conn.info.get("events", [])[told:]
        return [], str(error)
