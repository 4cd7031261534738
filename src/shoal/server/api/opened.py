"""Opening a fit that is not recommended: /api/v1/studies/ID/fits/FIT/open, and then its labels."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base import events
from shoal.base.errors import Conflict, NotFound
from shoal.jobs.states import State
from shoal.jobs.store import reading
from shoal.server import offload
from shoal.server.api.shapes.jobs import JobWithSeq
from shoal.server.api.studies import PATH, Id, found_study
from shoal.server.api.views import View, job_view
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.studies import running
from shoal.studies.model import Study
from shoal.studies.results.archive import opened_column
from shoal.studies.results.outputs import LABEL

router = APIRouter(prefix=PATH, tags=["studies"])
Opener = Annotated[Actor, Depends(Rule(Action.STUDY_CHANGE))]
FitId = Annotated[int, Path(ge=0, le=10**9, description="the fit's id")]


@router.post(
    "/{study}/fits/{fit}/open",
    operation_id="open_fit",
    summary="Make the labels of any fit",
    status_code=201,
    response_model=JobWithSeq,
)
async def open_fit(study: Id, fit: FitId, house: TheHouse, actor: Opener) -> Response:
    """Submit the job that makes a fit's labels; when it has ended, `labels.csv?opened=JOB` sends them."""

    def act(conn: Connection) -> View:
        found = found_study(conn, actor, Action.STUDY_CHANGE, study)
        job = running.open_fit(conn, found, fit)
        return job_view(reading.get(conn, job)) | {"seq": events.last(conn)}

    return Json(await offload.write(house.database, running.CHANGED, act), 201)


def opened_columns(house: House, study: Study, job: int) -> dict[str, Any]:
    """Return the column of labels that an ended job of `open_fit` made for a study.

    Raises:
        NotFound: there is no such job of this study.
        Conflict: it has not ended well.
    """
    found = house.database.read(lambda conn: reading.get(conn, job))
    if found.kind != "study.open" or found.owner != study.owner or found.spec["key"] != study.source["key"]:
        raise NotFound(f"There is no job {job} that opened a fit of the study {study.id}.")
    if found.state != State.SUCCEEDED:
        raise Conflict(f"The job {job} has no labels.", hint=f"It is {found.state}.")
    return {LABEL: opened_column(house.storage, found.result["artifact"])}


OPENED = Face("opened fits", router)
