"""Handing in the jobs that draw."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from shoal.base.errors import Conflict, NotFound
from shoal.jobs.model import Job, NewJob, Retry
from shoal.jobs.store.submission import submit
from shoal.storage import datasets
from shoal.studies.figures.request import FigureRequest
from shoal.studies.model import Fit, Study
from shoal.studies.store.recording import record_finished
from shoal.studies.store.stored import list_fits, written

KIND = "study.draw"
# Somebody waits for a figure, while fits take their time.
PRIORITY = 10
# What cannot be drawn cannot be drawn the next time either; a worker may die of something else.
RETRY = Retry(max_attempts=3, on=("lost",))
LABELLED = ("clusters", "cluster", "components", "places")


def record_finished_and_draw(conn: Connection, job: Job, result: dict[str, Any] | None) -> None:
    """Write a study's summary and, with it, hand in the job that draws all its figures."""
    if record_finished(conn, job, result):
        study = written(conn, job.spec["study"])
        submit(conn, study.owner, [drawing_job(conn, study)])


def drawing_job(conn: Connection, study: Study, wish: FigureRequest | None = None) -> NewJob:
    """Return the job that draws a figure, or the album; its key is the same for the same wish.

    Raises:
        Conflict: the study has no result.
        NotFound, InvalidInput: see `FigureRequest.check`.
    """
    if study.summary is None:
        raise Conflict(f"The study {study.id} has no result yet.", hint=f"It is {study.state}.")
    numbers = number_columns(conn, study)
    if wish is not None:
        wish.check(numbers, study.plan.covariances, study.plan.n_fits)
        wish = wish.plain()
    spec = {
        "study": study.id,
        "generation": study.generation,
        "name": study.name,
        "key": study.source["key"],
        "artifact": study.artifact,
        "plan": study.plan.as_json(),
        "summary": study.summary,
        "numbers": numbers,
        "wish": wish.as_json() if wish else None,
        "labels": wish is not None and wish.name in LABELLED,
        "fits": _fits(conn, study, wish),
    }
    return NewJob(
        kind=KIND,
        name=study.name,
        spec=spec,
        priority=PRIORITY,
        retry=RETRY,
        idempotency_key=_key(study, spec),
    )


def number_columns(conn: Connection, study: Study) -> list[str]:
    """Return the columns of a study's data that hold numbers which differ."""
    dataset = datasets.get(conn, study.dataset, study.dataset_version)
    return [column.name for column in dataset.columns if column.is_number and not column.constant]


def _fits(conn: Connection, study: Study, wish: FigureRequest | None) -> list[dict[str, Any]]:
    """Return the fits that a worker needs to know: none for what is recommended."""
    if wish is None or (wish.fit is None and wish.min_members in (None, study.plan.min_members)):
        return []
    fits = list_fits(conn, study.id)
    if wish.fit is not None:
        fits = [_usable(fits, wish.fit)]
    return [fit.as_json() | {"params": fit.params} for fit in fits]


def _usable(fits: Sequence[Fit], wanted: int) -> Fit:
    found = next((fit for fit in fits if fit.fit == wanted), None)
    if found is None or not found.params:
        why = found.error if found is not None else "It has not run."
        raise NotFound(f"Fit {wanted} has no clusters to draw.", hint=why)
    return found


def _key(study: Study, spec: dict[str, Any]) -> str:
    content = orjson.dumps(spec, option=orjson.OPT_SORT_KEYS)
    return f"draw:{study.id}:{hashlib.sha256(content).hexdigest()[:32]}"
