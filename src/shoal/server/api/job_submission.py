"""Handing jobs in and changing drafts: /api/v1/jobs."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.base.faults import fault_point
from shoal.jobs.requests.request import JobRequest
from shoal.jobs.store import editing, reading
from shoal.server import offload
from shoal.server.api.jobs import PATH, Changer, Id, job_now
from shoal.server.api.shapes.jobs import JobWithSeq, NoteWish, SubmittedShape
from shoal.server.faces import Face
from shoal.server.job_acts import allowed
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

SUBMIT = fault_point("jobs_api.submit", "Jobs are submitted by a request.")
REVISE = fault_point("jobs_api.revise", "A draft gets other content, or is queued.")
NOTE = fault_point("jobs_api.note", "Other free JSON is put beside a job.")
router = APIRouter(prefix=PATH, tags=["jobs"])
Creator = Annotated[Actor, Depends(Rule(Action.JOB_CREATE))]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="the same request under the same key is done once",
    ),
]


@router.post(
    "", operation_id="create_job", summary="Run something", status_code=201, response_model=SubmittedShape
)
async def create_job(
    wish: JobRequest, request: Request, house: TheHouse, actor: Creator, key: Key = None
) -> Response:
    """Submit a job; of an array or of steps `ids` are those of its parts, after its own."""
    await asyncio.to_thread(house.requests.prepare, actor, wish)
    wish = _keyed(wish, key)
    ids = await offload.write(
        house.database, SUBMIT, lambda conn: house.requests.submit(conn, actor.name, wish)
    )
    where = {"Location": request.scope.get("root_path", "") + f"{PATH}/{ids[0]}"}
    return Json(await job_now(house, actor, ids[0]) | {"ids": ids}, 201, where)


@router.put("/{job}", operation_id="revise_job", summary="Change a draft", response_model=JobWithSeq)
async def revise_job(job: Id, wish: JobRequest, house: TheHouse, actor: Changer) -> Response:
    """Give a draft other content; without `draft` it is queued with it. 409 when it is no draft any more."""
    await asyncio.to_thread(house.requests.prepare, actor, wish)

    def act(conn: Connection) -> None:
        house.requests.revise(conn, allowed(conn, actor, Action.JOB_CHANGE, job), wish)
        if not wish.draft:
            house.requests.release(conn, reading.get(conn, job))

    await offload.write(house.database, REVISE, act)
    return Json(await job_now(house, actor, job))


@router.post(
    "/{job}/release", operation_id="release_job", summary="Queue a draft", response_model=SubmittedShape
)
async def release_job(job: Id, house: TheHouse, actor: Changer) -> Response:
    """Queue a draft; what is queued already or has ended stays as it is."""

    def act(conn: Connection) -> list[int]:
        return house.requests.release(conn, allowed(conn, actor, Action.JOB_CHANGE, job))

    ids = await offload.write(house.database, REVISE, act)
    return Json(await job_now(house, actor, job) | {"ids": ids or [job]})


@router.patch("/{job}", operation_id="note_job", summary="Note something", response_model=JobWithSeq)
async def note_job(job: Id, wish: NoteWish, house: TheHouse, actor: Changer) -> Response:
    """Put other free JSON beside a job, whatever its state."""

    def act(conn: Connection) -> None:
        allowed(conn, actor, Action.JOB_CHANGE, job)
        editing.annotate(conn, job, wish.extra)

    await offload.write(house.database, NOTE, act)
    return Json(await job_now(house, actor, job))


def _keyed(wish: JobRequest, key: str | None) -> JobRequest:
    if key is None or wish.idempotency_key == key:
        return wish
    if wish.idempotency_key is not None:
        problem = {"in": "header", "pointer": "/Idempotency-Key", "message": "The body has another key."}
        raise InvalidInput("The header and the body have different idempotency keys.", errors=[problem])
    return wish.model_copy(update={"idempotency_key": key})


JOB_SUBMISSION = Face("submitted jobs", router)
