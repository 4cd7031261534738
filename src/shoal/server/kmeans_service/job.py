"""A job of the older service: one of our studies, by its whole id."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Connection

from shoal.access import Action, Actor
from shoal.base.errors import Conflict, NotFound
from shoal.server import offload
from shoal.server.api.studies import found_study
from shoal.server.kmeans_service.arguments import Arguments
from shoal.server.parts import House
from shoal.server.rules import Rule
from shoal.storage.words import shown
from shoal.studies.figures.request import MOST_MEMBERS
from shoal.studies.model import Study, StudyState

ID = re.compile(r"[0-9a-z]{1,64}")
USUAL_LEAST = 30
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]


async def job_of(house: House, actor: Actor, id_: str) -> Study:
    """Return a job that somebody may read; raises what `found_job` does."""
    return await offload.read(house.database, lambda conn: found_job(conn, actor, Action.STUDY_READ, id_))


def finished(study: Study) -> Study:
    """Return a job, if it has a result; raises Conflict."""
    if study.state == StudyState.succeeded and study.summary is not None:
        return study
    hint = (
        "Its report is here when all tasks have ended." if study.state == StudyState.running else study.error
    )
    message = f"The job {study.id} has no report yet: it is {study.state}."
    raise Conflict(message, hint=hint, code="unfinished_job", back=f"/status/{study.id}")


def found_job(conn: Connection, actor: Actor, action: Action, id_: str) -> Study:
    """Return a job that somebody may do something to; raises NotFound and Forbidden."""
    if not id_:
        raise _unknown("Say which job: job_id is missing.")
    try:
        study = found_study(conn, actor, action, id_) if ID.fullmatch(id_) else None
    except NotFound:
        study = None
    if study is None or study.id != id_:
        raise _unknown(f"There is no job {shown(id_)}.")
    return study


def least_of(study: Study, given: Arguments) -> int:
    """Return the smallest cluster that is asked for, else 30 rows, or the study's own if that is less.

    Raises:
        InvalidInput: it is no number of rows.
    """
    usual = min(USUAL_LEAST, study.plan.min_members or USUAL_LEAST)
    return given.number("min_members", 1, MOST_MEMBERS) or usual


def _unknown(message: str) -> NotFound:
    return NotFound(message, code="unknown_job", back="/")
