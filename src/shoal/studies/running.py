"""Starting, repeating, enlarging and stopping studies; each is one transaction of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, update

from shoal.base import events
from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.base.faults import fault_point
from shoal.base.ids import new_id
from shoal.base.transaction import now
from shoal.jobs.model import Dependency, NewJob
from shoal.jobs.store import cancelling
from shoal.jobs.store.submission import submit
from shoal.studies.model import Facts, Source, Study, StudyState
from shoal.studies.plan import MAX_FITS, RANGES, StudyPlan, check
from shoal.studies.planning.batches import batches
from shoal.studies.planning.estimate import fit_seconds
from shoal.studies.planning.grid import FitTask, grid
from shoal.studies.store.recording import TOPIC, add_jobs
from shoal.studies.store.stored import jobs_of, list_fits, waiting_fits
from shoal.studies.store.tables import studies

STARTED = fault_point("studies.start", "A study and all its jobs are there.")
CHANGED = fault_point("studies.change", "A study is run again, enlarged or cancelled.")
REMOVED = fault_point("studies.remove", "A study and its fits are gone.")


def start(
    conn: Connection,
    owner: str,
    source: Source,
    plan: StudyPlan,
    facts: Facts,
    *,
    name: str = "",
    workers: int = 1,
) -> Study:
    """Add a study over a dataset and submit all its work; `plan` and `facts` come from `intake`."""
    moment = now(conn)
    study = Study(
        id=new_id(),
        name=name or source["name"],
        owner=owner,
        dataset=source["id"],
        dataset_version=source["version"],
        source=source,
        plan=plan,
        facts=facts,
        state=StudyState.running,
        generation=1,
        created=moment,
        started=moment,
        finished=None,
        error="",
        summary=None,
        artifact="",
    )
    conn.execute(insert(studies), {**study._asdict(), "plan": plan.as_json(), "state": str(study.state)})
    _submit(conn, study, grid(plan), workers)
    return study


def rerun(conn: Connection, study: Study, chosen: Sequence[int] | None = None, *, workers: int = 1) -> Study:
    """Run fits of a study again, by id; None means those that failed or never ran.

    Former results stay until the new ones are there. A fit whose worker died gets a job of its own, so that
    it takes no other with it.

    Raises:
        Conflict: the study runs.
        InvalidInput: there is no such fit, or nothing to run again.
    """
    tasks = {task.id: task for task in grid(study.plan)}
    failed = {fit.fit: fit.error for fit in list_fits(conn, study.id) if fit.state == "failed"}
    ids = sorted({*failed, *waiting_fits(conn, study)} if chosen is None else set(chosen))
    if unknown := [fit for fit in ids if fit not in tasks]:
        raise InvalidInput(
            f"The study {study.id} has no fit {unknown[0]}.", hint=f"Ids are 0 to {len(tasks) - 1}."
        )
    if not ids and study.state == StudyState.succeeded:
        raise InvalidInput(
            "Every fit worked: there is nothing to run again.", hint="Name fits to run them anyway."
        )
    alone = {fit for fit in ids if failed.get(fit) == "Worker stopped."}
    return _again(conn, study, study.plan, [tasks[fit] for fit in ids], workers, alone)


def extend(
    conn: Connection,
    study: Study,
    max_k: int,
    *,
    workers: int = 1,
    limits: tuple[int, int] = (RANGES["max_k"][1], MAX_FITS),
) -> Study:
    """Try larger numbers of clusters too; only the new fits run.

    `limits` are the largest `max_k` and number of fits that settings allow.

    Raises:
        Conflict: the study runs.
        InvalidInput: `max_k` is not larger, over a limit, or more than the rows.
    """
    if max_k > (most := study.facts["distinct"]):
        text = f"{most:,} different rows can hold at most {most:,} clusters."
        raise InvalidInput(text, hint="Give a smaller number.")
    plan = study.plan.extended(max_k)
    check(plan, max_k=limits[0], fits=limits[1])
    return _again(conn, study, plan, grid(plan)[study.plan.n_fits :], workers, set())


def open_fit(conn: Connection, study: Study, fit: int) -> int:
    """Submit the job that makes a fit's labels and return its id.

    When it has ended, `archive.opened_column` reads what it made; `shoal gc` removes that again.

    Raises:
        NotFound: there is no such fit, or it has no result.
    """
    found = next((one for one in list_fits(conn, study.id) if one.fit == fit), None)
    if found is None or not found.params:
        raise NotFound(f"The study {study.id} has no result of a fit {fit}.")
    spec = {
        "key": study.source["key"],
        "plan": replace(study.plan, former=()).as_json(),
        "fit": found.as_json() | {"params": found.params},
    }
    return submit(conn, study.owner, [NewJob(kind="study.open", name=study.name, spec=spec)])[0]


def cancel(conn: Connection, study: Study) -> Study:
    """Stop a study; the fits that ended are kept, and `rerun` runs the rest.

    Raises:
        Conflict: the study does not run.
    """
    if study.state != StudyState.running:
        raise Conflict(f"The study {study.id} is not running any more: it has {study.state}.")
    stopped = _change(conn, study, state=StudyState.cancelled, finished=now(conn))
    cancelling.cancel(conn, list(jobs_of(conn, study)))
    return stopped


def remove(conn: Connection, study: Study) -> None:
    """Delete a study and its fits; its dataset stays.

    Raises:
        Conflict: the study runs.
    """
    if study.state == StudyState.running:
        raise Conflict(
            f"The study {study.id} is running.", hint=f"Cancel it first: shoal study cancel {study.id}"
        )
    conn.execute(studies.delete().where(studies.c.id == study.id))
    events.append(conn, TOPIC, study.id, "removed", {})


def _again(
    conn: Connection,
    study: Study,
    plan: StudyPlan,
    tasks: list[FitTask],
    workers: int,
    alone: Collection[int],
) -> Study:
    if study.state == StudyState.running:
        raise Conflict(f"The study {study.id} is running.", hint="Wait for it, or cancel it first.")
    changed = _change(
        conn,
        study,
        plan=plan,
        state=StudyState.running,
        generation=study.generation + 1,
        started=now(conn),
        finished=None,
    )
    _submit(conn, changed, tasks, workers, alone)
    return changed


def _change(conn: Connection, study: Study, **values: Any) -> Study:
    stored = values | ({"plan": values["plan"].as_json()} if "plan" in values else {})
    found = conn.execute(
        update(studies)
        .where(
            studies.c.id == study.id,
            studies.c.generation == study.generation,
            studies.c.state.in_(_stored_states(study)),
        )
        .values(**stored)
    )
    if found.rowcount != 1:
        raise Conflict(f"The study {study.id} was changed meanwhile.", hint="Look at it again.")
    events.append(conn, TOPIC, study.id, str(values["state"]), {})
    return study._replace(**values)


def _stored_states(study: Study) -> list[str]:
    """Return what the row may say: a study that failed because its jobs did still has `running` there."""
    return [study.state, StudyState.running] if study.state == StudyState.failed else [study.state]


def _submit(
    conn: Connection,
    study: Study,
    tasks: list[FitTask],
    workers: int,
    alone: Collection[int] = (),
) -> None:
    cost = _cost(study)
    shared = batches([task for task in tasks if task.id not in alone], cost, workers)
    shared += [[task] for task in tasks if task.id in alone]
    jobs = [_fits_job(study, batch) for batch in shared]
    after = tuple(Dependency(batch=place, condition="any") for place in range(len(jobs)))
    common = {"study": study.id, "generation": study.generation}
    gather = NewJob(kind="study.gather", name=study.name, spec=common, after=after)
    made = [[task.id for task in batch] for batch in shared]
    add_jobs(conn, study, [*jobs, gather], [*made, []])
    events.append(conn, TOPIC, study.id, "started", {"fits": len(tasks), "jobs": len(jobs)})


def _cost(study: Study) -> Callable[[FitTask], float]:
    columns = len(study.plan.columns or ())
    return lambda task: fit_seconds(study.plan, task.covariance, task.k, study.facts["rows"], columns)


def _fits_job(study: Study, batch: list[FitTask]) -> NewJob:
    spec = {
        "study": study.id,
        "generation": study.generation,
        "key": study.source["key"],
        "plan": replace(study.plan, former=()).as_json(),
        "fits": [list(task) for task in batch],
    }
    return NewJob(kind="study.fits", name=study.name, spec=spec)
