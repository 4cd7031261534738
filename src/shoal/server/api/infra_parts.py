"""Parts of an infrastructure: /api/v1/infrastructures/ID/{plan,instances,events,outputs,cost}."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import FileResponse, Response

from shoal.access import Action
from shoal.server.api.attachments import attachment
from shoal.server.api.infra_finding import PATH, Id, Reader, found_infra
from shoal.server.api.infra_views import happening_view, instance_view, plan_view
from shoal.server.api.paging import FREE_TEXT, Cursor, Limit, decode, encode
from shoal.server.api.shapes.infra import (
    CostShape,
    HappeningPage,
    InstancesShape,
    LogPart,
    OutputsShape,
    PlanShape,
)
from shoal.server.api.waiting import LATEST
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

BINARY = "application/octet-stream"
router = APIRouter(prefix=PATH, tags=["infrastructures"])
Gone = Annotated[bool, Query(description="with those that are gone")]
Since = Annotated[int, Query(ge=0, le=LATEST, description="only what has a greater `seq`")]
Offset = Annotated[int, Query(ge=0, le=LATEST, description="from this byte on: `next` of the part before")]
Machine = Annotated[str, Path(max_length=64, pattern=FREE_TEXT, description="the machine's id")]
File = Annotated[str, Path(max_length=255, pattern=FREE_TEXT, description="the file's name in the outputs")]
Refresh = Annotated[bool, Query(description="look at the machines first")]


@router.get(
    "/{infrastructure}/plan",
    operation_id="read_drift",
    summary="What is to be done",
    response_model=PlanShape,
)
async def read_drift(
    infrastructure: Id, house: TheHouse, actor: Reader, refresh: Refresh = False
) -> Response:
    """Tell what would have to be done now for it to be as it is wished, as machines were last seen."""
    infra = await found_infra(house, actor, Action.INFRA_READ, infrastructure)
    return Json(plan_view(await house.infra.plan_of(infra.id, refresh=refresh)))


@router.get(
    "/{infrastructure}/instances",
    operation_id="list_machines",
    summary="Its machines",
    response_model=InstancesShape,
)
async def list_machines(infrastructure: Id, house: TheHouse, actor: Reader, gone: Gone = False) -> Response:
    """List the machines of an infrastructure, the oldest first."""
    infra = await found_infra(house, actor, Action.INFRA_READ, infrastructure)
    there = await house.infra.instances(infra.id, gone)
    return Json({"instances": [instance_view(one) for one in there]})


@router.get(
    "/{infrastructure}/instances/{machine}/log",
    operation_id="read_machine_log",
    summary="A machine's log",
    response_model=LogPart,
)
async def read_machine_log(
    infrastructure: Id, machine: Machine, house: TheHouse, actor: Reader, offset: Offset = 0
) -> Response:
    """Send what was done in a machine, from a byte on, 256 KiB at most."""
    infra = await found_infra(house, actor, Action.INFRA_READ, infrastructure)
    text, next_ = await house.infra.log(infra.id, machine, offset)
    return Json({"text": text, "next": next_})


@router.get(
    "/{infrastructure}/events",
    operation_id="list_happenings",
    summary="What happened",
    response_model=HappeningPage,
)
async def list_happenings(
    infrastructure: Id,
    house: TheHouse,
    actor: Reader,
    after: Since = 0,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List what happened in an infrastructure, oldest first; it stays when that is destroyed."""
    infra = await found_infra(house, actor, Action.INFRA_READ, infrastructure)
    place = decode(cursor, int)
    found = await house.infra.happenings(infra.id, place[0] if place else after, limit + 1)
    next_ = encode(found[limit - 1].seq) if len(found) > limit else None
    return Json({"events": [happening_view(one) for one in found[:limit]], "next": next_})


@router.get(
    "/{infrastructure}/outputs",
    operation_id="read_outputs",
    summary="How to use it",
    response_model=OutputsShape,
)
async def read_outputs(infrastructure: Id, house: TheHouse, actor: Reader) -> Response:
    """Tell the addresses of machines by node, an ssh configuration, and which files machines publish."""
    infra = await found_infra(house, actor, Action.INFRA_READ, infrastructure)
    return Json(await house.infra.outputs(infra.id))


@router.get(
    "/{infrastructure}/outputs/{machine}/{file:path}",
    operation_id="read_output",
    summary="A published file",
    response_class=Response,
    responses={200: {"content": {BINARY: {}}}},
)
async def read_output(
    infrastructure: Id, machine: Machine, file: File, house: TheHouse, actor: Reader
) -> Response:
    """Send a file that a machine has published."""
    infra = await found_infra(house, actor, Action.INFRA_READ, infrastructure)
    path = await house.infra.published(infra.id, machine, file)
    return FileResponse(path, media_type=BINARY, headers=attachment(path.name))


@router.get(
    "/{infrastructure}/cost", operation_id="read_cost", summary="What it costs", response_model=CostShape
)
async def read_cost(infrastructure: Id, house: TheHouse, actor: Reader) -> Response:
    """Tell what machines cost an hour and have cost until now, as far as their providers say."""
    infra = await found_infra(house, actor, Action.INFRA_READ, infrastructure)
    return Json(await house.infra.cost(infra.id))


INFRA_PARTS = Face("parts of infrastructures", router)
