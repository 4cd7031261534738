"""What the end of a study's jobs does to the study, inside the transaction that ends the job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from shoal.base import events
from shoal.base.transaction import now
from shoal.jobs.model import Job, NewJob
from shoal.jobs.store import reading
from shoal.jobs.store.submission import submit
from shoal.studies.model import Fit, Study, StudyState
from shoal.studies.planning.grid import grid
from shoal.studies.store.stored import error_text, failure_of, has_work, jobs_of, list_fits, written
from shoal.studies.store.tables import fits, studies, study_jobs

TOPIC = "studies"
# Who runs the job again by which a study failed gives it another chance.
_MAY_END = (StudyState.running, StudyState.failed)


def record_fits(conn: Connection, job: Job, result: dict[str, Any] | None) -> None:
    """Write the scores of a job's fits; a fit has one row in a generation, whatever happened before."""
    rows = [Fit.from_json(row) for row in (result or {}).get("fits", [])]
    known = set() if job.generation <= 1 else _known(conn, job)
    _insert(
        conn, job.spec["study"], job.spec["generation"], job.id, [row for row in rows if row.fit not in known]
    )
    record_failure(conn, [job])


def record_gathered(conn: Connection, job: Job, result: dict[str, Any] | None) -> None:
    """Give fits without a result their failure, and hand everything to the job that sums the study up."""
    study = written(conn, job.spec["study"])
    if study.generation != job.spec["generation"] or study.state not in _MAY_END:
        return
    _fail_missing(conn, study)
    scores = [fit.as_json() | {"params": fit.params} for fit in list_fits(conn, study.id)]
    common = {"study": study.id, "generation": study.generation}
    finish = NewJob(
        kind="study.finish",
        name=study.name,
        spec=common
        | {
            "key": study.source["key"],
            "plan": study.plan.as_json(),
            "facts": study.facts,
            "fits": scores,
        },
    )
    add_jobs(conn, study, [finish])


def record_finished(conn: Connection, job: Job, result: dict[str, Any] | None) -> bool:
    """Write the summary: the study has succeeded, unless it was cancelled or runs again meanwhile."""
    content = result or {}
    values = {"summary": content["summary"], "artifact": content["artifact"], "error": ""}
    return _end(conn, job, StudyState.succeeded, values)


def record_failure(conn: Connection, jobs: Sequence[Job]) -> None:
    """Fail each study of which the last job has ended and none sums it up."""
    for job in {job.spec["study"]: job for job in jobs}.values():
        study = job.spec["study"]
        if not has_work(conn, study) and (failure := failure_of(conn, study)) is not None:
            _end(conn, job, StudyState.failed, {"error": failure})


def add_jobs(
    conn: Connection, study: Study, jobs: list[NewJob], made: list[list[int]] | None = None
) -> list[int]:
    """Submit jobs of a study; `made` are the fits each of them makes."""
    numbers = submit(conn, study.owner, jobs)
    shares = made or [[] for _ in jobs]
    rows = [
        {"job": number, "study": study.id, "generation": study.generation, "fits": share}
        for number, share in zip(numbers, shares, strict=True)
    ]
    conn.execute(insert(study_jobs), rows)
    return numbers


def _known(conn: Connection, job: Job) -> set[int]:
    here = (fits.c.study == job.spec["study"]) & (fits.c.generation == job.spec["generation"])
    return set(conn.execute(select(fits.c.fit).where(here)).scalars())


def _insert(conn: Connection, study: str, generation: int, job: int, rows: list[Fit]) -> None:
    if not rows:
        return
    common = {"study": study, "generation": generation, "job": job}
    conn.execute(insert(fits), [common | row.as_json() | {"params": row.params} for row in rows])
    failed = sum(row.state == "failed" for row in rows)
    events.append(conn, TOPIC, study, "fits", {"done": len(rows), "failed": failed})


def _fail_missing(conn: Connection, study: Study) -> None:
    here = (fits.c.study == study.id) & (fits.c.generation == study.generation)
    ended = set(conn.execute(select(fits.c.fit).where(here)).scalars())
    tasks = {task.id: task for task in grid(study.plan)}
    for number, made in jobs_of(conn, study).items():
        if missing := [tasks[fit] for fit in made if fit not in ended]:
            error = error_text(reading.get(conn, number))
            rows = [Fit(*task, state="failed", error=error) for task in missing]
            _insert(conn, study.id, study.generation, number, rows)


def _end(conn: Connection, job: Job, state: StudyState, values: dict[str, Any]) -> bool:
    """End a study, unless it was cancelled or runs again meanwhile: then say False."""
    here = (studies.c.id == job.spec["study"]) & (studies.c.generation == job.spec["generation"])
    ended = conn.execute(
        update(studies)
        .where(here, studies.c.state.in_(_MAY_END), studies.c.state != state)
        .values(state=state, finished=now(conn), **values)
    )
    if ended.rowcount:
        told = {"error": values["error"]} if values["error"] else {}
        events.append(conn, TOPIC, job.spec["study"], str(state), told)
    return bool(ended.rowcount)
