"""Infrastructures: /api/v1/infrastructures."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.base.errors import Unavailable
from shoal.infra.deciding.levels import levels
from shoal.infra.infrastructures import is_settled
from shoal.infra.model import Infrastructure
from shoal.infra.office.planning import Asked
from shoal.infra.store import reading
from shoal.jobs.model import Job
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import reading as jobs
from shoal.server import offload
from shoal.server.api.infra_finding import (
    BODY,
    PATH,
    Changer,
    Creator,
    Id,
    Reader,
    Remover,
    found_infra,
    sent_bundle,
    view_of,
)
from shoal.server.api.infra_views import infra_line, plan_view
from shoal.server.api.job_submission import Key
from shoal.server.api.paging import LARGEST, Cursor, Limit, Text, decode, encode
from shoal.server.api.shapes.infra import (
    DescribedShape,
    InfraPage,
    InfraShape,
    PlanShape,
    PlanWish,
    SweptShape,
)
from shoal.server.api.waiting import Wait, changed
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import TheDraining, TheHouse

SWEEPING = 600.0  # seconds
router = APIRouter(prefix=PATH, tags=["infrastructures"])
Attach = Annotated[bool, Query(description="heal it from then on")]
Drop = Annotated[bool, Query(description="end them")]
Gone = Annotated[bool, Query(description="with those that are destroyed")]
Of = Annotated[
    str | None, Query(max_length=64, description="the infrastructure to update; none: build a new one")
]
Turn = Annotated[
    int | None, Query(ge=0, le=LARGEST, description="with `wait`: the wish to wait for, else the newest")
]


@router.post(
    "",
    operation_id="build_infrastructure",
    summary="Build",
    status_code=201,
    response_model=InfraShape,
    openapi_extra=BODY,
)
async def build_infrastructure(
    request: Request, house: TheHouse, actor: Creator, attach: Attach = True, key: Key = None
) -> Response:
    """Begin to build what a bundle describes; definitions that it lacks are those that were imported.

    The answer comes before anything is built; `GET` with `wait` returns when it is. The same request under
    the same `Idempotency-Key` builds once.
    """
    built = await house.infra.build(actor.name, await sent_bundle(request), attach=attach, key=key)
    return await told(request, house, built)


@router.get("", operation_id="list_infrastructures", summary="List them", response_model=InfraPage)
async def list_infrastructures(
    house: TheHouse,
    actor: Reader,
    q: Text = "",
    gone: Gone = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List infrastructures, the newest first; `q` is a part of the name or of the id."""
    place = decode(cursor, str)
    owner, after = None if actor.admin else actor.name, place[0] if place else None
    found = await house.infra.find(owner, q, gone=gone, limit=limit + 1, after=after)
    counts = await house.infra.standing([infra.id for infra in found[:limit]])
    lines = [infra_line(infra, counts[infra.id]) for infra in found[:limit]]
    next_ = encode(found[limit - 1].id) if len(found) > limit else None
    return Json({"infrastructures": lines, "next": next_})


@router.post(
    "/validate",
    operation_id="validate_infrastructure",
    summary="Check a bundle",
    response_model=DescribedShape,
    openapi_extra=BODY,
)
async def validate_infrastructure(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Check a description with its definitions; 422 `bad_description` has every fault, with file and line."""
    described = await house.infra.validate(actor.name, await sent_bundle(request))
    nodes = [node.name for node in described.nodes]
    return Json({"name": described.name, "nodes": nodes, "levels": levels(described)})


@router.post(
    "/plan",
    operation_id="plan_infrastructure",
    summary="What would be done",
    response_model=PlanShape,
    openapi_extra=BODY,
)
async def plan_infrastructure(request: Request, house: TheHouse, actor: Creator, id: Of = None) -> Response:
    """Tell what building a bundle would do, or updating an infrastructure by it; nothing is touched.

    The answer holds the bundle, with whatever is written in it, so that it can be applied as it came.
    """
    bundle = await sent_bundle(request)
    of = None if id is None else (await found_infra(house, actor, Action.INFRA_CHANGE, id)).id
    return Json(plan_view(await house.infra.plan(actor.name, bundle, of), bundle))


@router.post(
    "/apply",
    operation_id="apply_plan",
    summary="Do what a plan says",
    status_code=201,
    response_model=InfraShape,
)
async def apply_plan(
    plan: PlanWish, request: Request, house: TheHouse, actor: Creator, attach: Attach = True
) -> Response:
    """Begin to do what a plan says; 409 `stale_plan` when anything has changed since it was made."""
    if plan.infra is not None:
        await found_infra(house, actor, Action.INFRA_CHANGE, plan.infra)
    asked = Asked(plan.infra, plan.fingerprint, plan.digest, plan.bundle.model_dump())
    return await told(request, house, await house.infra.apply(actor.name, asked, attach=attach))


@router.post(
    "/sweep", operation_id="sweep_machines", summary="Look for lost machines", response_model=SweptShape
)
async def sweep_machines(
    house: TheHouse, draining: TheDraining, actor: Remover, drop: Drop = False
) -> Response:
    """Look for machines at providers that carry our tag and that no infrastructure knows; `drop` ends them.

    The answer comes when all providers have been asked, or 503 after ten minutes.
    """
    job = await house.infra.sweep(None if actor.admin else actor.name, drop=drop)
    await changed(house, draining, partial(_has_ended, id=job), SWEEPING)
    return Json(_swept(await offload.read(house.database, partial(jobs.get, id_=job))))


@router.get(
    "/{infrastructure}", operation_id="read_infrastructure", summary="Read one", response_model=InfraShape
)
async def read_infrastructure(
    infrastructure: Id,
    house: TheHouse,
    draining: TheDraining,
    actor: Reader,
    turn: Turn = None,
    wait: Wait = 0,
) -> Response:
    """Describe an infrastructure; with `wait`, once a pass has ended on its newest wish or time is over."""
    infra = await found_infra(house, actor, Action.INFRA_READ, infrastructure)
    wished = infra.turn if turn is None else turn
    if wait and not is_settled(infra, wished):
        await changed(house, draining, partial(_is_settled, id=infra.id, turn=wished), wait)
        infra = await house.infra.get(infra.id)
    return Json(await view_of(house, infra))


@router.put(
    "/{infrastructure}",
    operation_id="update_infrastructure",
    summary="Change the description",
    response_model=InfraShape,
    openapi_extra=BODY,
)
async def update_infrastructure(
    infrastructure: Id, request: Request, house: TheHouse, actor: Changer
) -> Response:
    """Wish for what another bundle describes; machines that stay as they are are not touched."""
    infra = await found_infra(house, actor, Action.INFRA_CHANGE, infrastructure)
    return Json(await view_of(house, await house.infra.update(infra.id, await sent_bundle(request))))


@router.delete(
    "/{infrastructure}", operation_id="destroy_infrastructure", summary="Destroy", response_model=InfraShape
)
async def destroy_infrastructure(infrastructure: Id, house: TheHouse, actor: Remover) -> Response:
    """Wish that all machines go; the history stays. It can be asked for again and again."""
    infra = await found_infra(house, actor, Action.INFRA_DELETE, infrastructure)
    return Json(await view_of(house, await house.infra.destroy(infra.id)))


async def told(request: Request, house: House, infra: Infrastructure) -> Response:
    """Return an infrastructure as an answer that says where it is."""
    where = {"Location": request.scope.get("root_path", "") + f"{PATH}/{infra.id}"}
    return Json(await view_of(house, infra), 201, where)


def _is_settled(conn: Connection, id: str, turn: int) -> bool:
    return is_settled(reading.get(conn, id), turn)


def _has_ended(conn: Connection, id: int) -> bool:
    return jobs.get(conn, id).state in ENDS


def _swept(job: Job) -> dict[str, Any]:
    """Return what a sweep has found; raises Unavailable when it has not ended well."""
    if job.state is not State.SUCCEEDED:
        why = (job.error or {}).get("message") or "it goes on"
        raise Unavailable(f"The sweep has found nothing yet: {why}.", hint=f"See job {job.id}.", job=job.id)
    return dict(job.result)


INFRASTRUCTURES = Face("infrastructures", router)
