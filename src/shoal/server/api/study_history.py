"""What happened to a study: /api/v1/studies/ID/{events,failures,jobs}."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base import events
from shoal.jobs.store import reading
from shoal.server import offload
from shoal.server.api.paging import LARGEST, Cursor, Limit, decode, encode, part
from shoal.server.api.shapes.studies import EventPage, FailureList, StudyJobList
from shoal.server.api.studies import PATH, Id, found_study
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.studies.store import browsing, stored
from shoal.studies.store.recording import TOPIC

router = APIRouter(prefix=PATH, tags=["studies"])
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]


@router.get(
    "/{study}/events", operation_id="list_study_events", summary="What happened", response_model=EventPage
)
async def list_study_events(
    study: Id,
    house: TheHouse,
    actor: Reader,
    order: Annotated[Literal["asc", "desc"], Query(description="the oldest or the newest first")] = "asc",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List what happened to a study, as long as events are kept; `/api/v1/events` goes on from there."""
    place = decode(cursor, int)

    def find(conn: Connection) -> list[events.Event]:
        subject = found_study(conn, actor, Action.STUDY_READ, study).id
        if order == "asc":
            return events.after(conn, place[0] if place else 0, [TOPIC], limit + 1, subject=subject)
        return events.before(conn, place[0] if place else LARGEST, TOPIC, limit + 1, subject=subject)

    found = await offload.read(house.database, find)
    return part("events", found, limit, asdict, lambda last: encode(last.seq))


@router.get(
    "/{study}/failures",
    operation_id="list_study_failures",
    summary="Why fits failed",
    response_model=FailureList,
)
async def list_study_failures(study: Id, house: TheHouse, actor: Reader) -> Response:
    """Group the fits that failed by their error; `POST rerun` with their ids tries them again."""

    def find(conn: Connection) -> list[browsing.Failure]:
        return browsing.failures(conn, found_study(conn, actor, Action.STUDY_READ, study).id)

    found = await offload.read(house.database, find)
    return Json(
        {
            "failed": sum(one.times for one in found),
            "failures": [{"text": one.text, "count": one.times, "fits": one.fits} for one in found],
        }
    )


@router.get("/{study}/jobs", operation_id="list_study_jobs", summary="Its jobs", response_model=StudyJobList)
async def list_study_jobs(study: Id, house: TheHouse, actor: Reader) -> Response:
    """List the jobs of a study's present run and the fits that each of them makes."""

    def find(conn: Connection) -> list[dict[str, Any]]:
        made = stored.jobs_of(conn, found_study(conn, actor, Action.STUDY_READ, study))
        known = reading.get_many(conn, list(made))
        return [
            {"job": number, "kind": job.kind, "state": job.state, "fits": made[number]}
            for number, job in sorted(known.items())
        ]

    return Json({"jobs": await offload.read(house.database, find)})


STUDY_HISTORY = Face("history of studies", router)
