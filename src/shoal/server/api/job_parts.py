"""What a job consists of and made: /api/v1/jobs/ID/{children,artifacts}."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Connection, select
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import NotFound
from shoal.jobs.model import Attempt, Job
from shoal.jobs.states import State
from shoal.jobs.store import reading
from shoal.jobs.store.tables import jobs
from shoal.server import offload
from shoal.server.api.attachments import attachment
from shoal.server.api.jobs import PATH, Id, States
from shoal.server.api.paging import Cursor, Limit, decode, encode, part
from shoal.server.api.shapes.jobs import ArtifactList, JobPage
from shoal.server.api.views import View, job_view
from shoal.server.api.waiting import LATEST
from shoal.server.faces import Face
from shoal.server.job_acts import allowed
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.server.spool import sent

BYTES: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string"}}}
router = APIRouter(prefix=PATH, tags=["jobs"])
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]
Fence = Annotated[
    int | None,
    Query(ge=1, le=LATEST, description="an attempt's `fence`; by default the newest that has it"),
]


class Kept(NamedTuple):
    """A file that an attempt left."""

    attempt: Attempt
    facts: View


@router.get("/{job}/children", operation_id="list_children", summary="Its parts", response_model=JobPage)
async def list_children(
    job: Id, house: TheHouse, actor: Reader, state: States = None, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """List the elements of an array, or the steps, in their order."""
    place = decode(cursor, int)

    def find(conn: Connection) -> list[Job]:
        allowed(conn, actor, Action.JOB_READ, job)
        return _children(conn, job, state, place[0] if place else 0, limit + 1)

    found = await offload.read(house.database, find)
    return part("jobs", found, limit, job_view, lambda last: encode(last.id))


@router.get(
    "/{job}/artifacts", operation_id="list_artifacts", summary="Files it left", response_model=ArtifactList
)
async def list_artifacts(job: Id, house: TheHouse, actor: Reader) -> Response:
    """List the files that a job's attempts left, those of the newest attempt first."""
    found = await offload.read(house.database, lambda conn: _kept(conn, actor, job))
    return Json({"artifacts": [_artifact_view(each) for each in found]})


@router.get(
    "/{job}/artifacts/{name:path}",
    operation_id="read_artifact",
    summary="One file",
    response_class=Response,
    responses={200: {"content": BYTES}},
)
async def read_artifact(
    job: Id,
    name: Annotated[str, Path(max_length=1000, description="the file's name")],
    house: TheHouse,
    actor: Reader,
    attempt: Fence = None,
) -> Response:
    """Send a file to be saved under its name; a browser runs nothing of it."""
    found = await offload.read(house.database, lambda conn: _kept(conn, actor, job))
    for each in found:
        if each.facts["name"] == name and attempt in (None, each.attempt.fence):
            file = await asyncio.to_thread(house.storage.open, each.facts["key"])
            return await sent(file, "application/octet-stream", attachment(name.rpartition("/")[2]))
    raise NotFound(f"Job {job} left no file {name}.", job=job, name=name)


def _children(conn: Connection, parent: int, states: list[State] | None, after: int, limit: int) -> list[Job]:
    query = select(jobs.c.id).where(jobs.c.parent == parent, jobs.c.id > after)
    if states is not None:
        query = query.where(jobs.c.state.in_(states))
    ids = list(conn.execute(query.order_by(jobs.c.id).limit(limit)).scalars())
    found = reading.get_many(conn, ids)
    return [found[id_] for id_ in ids]


def _kept(conn: Connection, actor: Actor, job: int) -> list[Kept]:
    allowed(conn, actor, Action.JOB_READ, job)
    attempts = reversed(reading.attempts_of(conn, job))
    return [Kept(each, facts) for each in attempts for facts in (each.facts or {}).get("artifacts", ())]


def _artifact_view(kept: Kept) -> View:
    facts = {name: kept.facts[name] for name in ("name", "size", "sha256")}
    return facts | {"attempt": kept.attempt.fence, "generation": kept.attempt.generation}


JOB_PARTS = Face("parts of jobs", router)
