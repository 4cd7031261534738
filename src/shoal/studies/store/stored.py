"""Studies and fits as the database holds them: reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select

from shoal.base.errors import NotFound
from shoal.jobs.model import Job
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import reading
from shoal.jobs.store.tables import jobs
from shoal.studies.model import Fit, Progress, Study, StudyState
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.grid import grid
from shoal.studies.store.tables import fits, studies, study_jobs


def get(conn: Connection, study: str, owner: str | None = None) -> Study:
    """Return a study by its id, by the beginning of its id, or the newest for `last`.

    Raises:
        NotFound: there is none, it belongs to another owner, or several ids begin so.
    """
    query = select(studies)
    if owner is not None:
        query = query.where(studies.c.owner == owner)
    if study == "last":
        query = query.order_by(studies.c.created.desc(), studies.c.id).limit(1)
    else:
        query = query.where(studies.c.id.startswith(study, autoescape=True)).limit(2)
    rows = conn.execute(query).mappings().all()
    if len(rows) > 1:
        rows = [row for row in rows if row["id"] == study]
    if not rows or not study:
        raise NotFound(f"There is no study {study}." if study != "last" else "There is no study yet.")
    return _settled(conn, _study(rows[0]))


def written(conn: Connection, study: str) -> Study:
    """Return a study by its whole id just as it is written, for those who change it; raises NotFound."""
    row = conn.execute(select(studies).where(studies.c.id == study)).mappings().first()
    if row is None:
        raise NotFound(f"There is no study {study}.")
    return _study(row)


def settled_studies(conn: Connection, query: Select[Any]) -> list[Study]:
    """Return the studies that a query of their table finds, as readers see them."""
    return [_settled(conn, _study(row)) for row in conn.execute(query).mappings().all()]


def list_fits(conn: Connection, study: str) -> list[Fit]:
    """Return the fits of a study that have ended, by id, each from its newest run."""
    newest: dict[int, RowMapping] = {}
    query = select(fits).where(fits.c.study == study).order_by(fits.c.generation, fits.c.fit)
    for row in conn.execute(query).mappings():
        newest[row["fit"]] = row
    return [Fit.from_json(dict(newest[fit])) for fit in sorted(newest)]


def jobs_of(conn: Connection, study: Study) -> dict[int, list[int]]:
    """Return the jobs of a study's present run, and the fits each of them makes."""
    query = select(study_jobs.c.job, study_jobs.c.fits).where(
        study_jobs.c.study == study.id, study_jobs.c.generation == study.generation
    )
    return {job: made for job, made in conn.execute(query.order_by(study_jobs.c.job))}


def progress(conn: Connection, study: Study) -> Progress:
    """Return how far a study's present run is; its state is the one given."""
    here = (fits.c.study == study.id) & (fits.c.generation == study.generation)
    ended: dict[str, int] = {
        state: number
        for state, number in conn.execute(
            select(fits.c.state, func.count()).where(here).group_by(fits.c.state)
        )
    }
    total = sum(len(made) for made in jobs_of(conn, study).values())
    return Progress(study.state, total, sum(ended.values()), ended.get("failed", 0))


def failure_of(conn: Connection, study: str) -> str | None:
    """Return why a study that should run has failed, for all its jobs have ended; else None."""
    row = conn.execute(select(studies).where(studies.c.id == study)).mappings().first()
    if row is None or row["state"] != StudyState.running:
        return None
    found = _settled(conn, _study(row))
    return found.error if found.state == StudyState.failed else None


def has_work(conn: Connection, study: str) -> bool:
    """Say whether a job of a study's present run has not ended."""
    query = (
        select(jobs.c.id)
        .join(study_jobs, study_jobs.c.job == jobs.c.id)
        .join(
            studies, (studies.c.id == study_jobs.c.study) & (studies.c.generation == study_jobs.c.generation)
        )
        .where(studies.c.id == study, jobs.c.state.not_in(sorted(ENDS)))
    )
    return conn.execute(query.limit(1)).first() is not None


def waiting_fits(conn: Connection, study: Study) -> Sequence[int]:
    """Return the ids of fits that have no result and no failure: of a cancelled study, the rest."""
    ended = set(conn.execute(select(fits.c.fit).where(fits.c.study == study.id)).scalars())
    return [task.id for task in grid(study.plan) if task.id not in ended]


def _study(row: RowMapping) -> Study:
    values: dict[str, Any] = dict(row)
    values["plan"] = StudyPlan.from_json(values["plan"])
    values["state"] = StudyState(values["state"])
    return Study(**values)


def _settled(conn: Connection, study: Study) -> Study:
    """Return a study as failed when it should run but none of its jobs will: so none runs for ever."""
    if study.state != StudyState.running:
        return study
    mine = (study_jobs.c.study == study.id) & (study_jobs.c.generation == study.generation)
    query = select(jobs.c.id, jobs.c.state).join(study_jobs, study_jobs.c.job == jobs.c.id).where(mine)
    ends = [(job, state) for job, state in conn.execute(query.order_by(jobs.c.id))]
    if not all(state in ENDS for _, state in ends):
        return study
    last = reading.get(conn, ends[-1][0]) if ends else None
    return study._replace(
        state=StudyState.failed,
        finished=last.ended if last else study.started,
        error=error_text(last) if last else "Its jobs are gone.",
    )


def error_text(job: Job) -> str:
    """Return why a job ended without a result, in one sentence."""
    if job.state == State.LOST:
        return "Worker stopped."
    if job.state == State.CANCELLED:
        return "Cancelled."
    return str((job.error or {}).get("message") or "The job failed.")
