"""Schedules: /api/v1/schedules."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base import clock
from shoal.base.faults import fault_point
from shoal.jobs.requests.request import JobRequest
from shoal.jobs.schedules import keeping, timing
from shoal.jobs.schedules.schedule import Schedule
from shoal.server import offload
from shoal.server.api.shapes.schedules import ScheduleChange, SchedulePage, ScheduleShape, ScheduleWish
from shoal.server.api.views import View
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

PATH = "/api/v1/schedules"
CHANGE = fault_point("schedules_api.change", "A schedule is made, changed, paused, resumed or deleted.")
SHOWN = 5
router = APIRouter(prefix=PATH, tags=["schedules"])
Id = Annotated[str, Path(max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$", description="the schedule's id")]
Creator = Annotated[Actor, Depends(Rule(Action.SCHEDULE_CREATE))]
Reader = Annotated[Actor, Depends(Rule(Action.SCHEDULE_READ))]
Changer = Annotated[Actor, Depends(Rule(Action.SCHEDULE_CHANGE))]


@router.post(
    "",
    operation_id="create_schedule",
    summary="Run something again and again",
    status_code=201,
    response_model=ScheduleShape,
)
async def create_schedule(wish: ScheduleWish, request: Request, house: TheHouse, actor: Creator) -> Response:
    """Submit a request whenever a cron line comes true in a time zone."""
    await asyncio.to_thread(house.requests.prepare, actor, wish.request)

    def act(conn: Connection) -> Schedule:
        template = _planned(conn, house, actor.name, wish.request)
        return keeping.create(
            conn,
            actor.name,
            cron=wish.cron,
            zone=wish.zone,
            name=wish.name,
            paused=wish.paused,
            template=template,
        )

    made = await offload.write(house.database, CHANGE, act)
    where = {"Location": request.scope.get("root_path", "") + f"{PATH}/{made.id}"}
    return Json(_view(made), 201, where)


@router.get("", operation_id="list_schedules", summary="Find schedules", response_model=SchedulePage)
async def list_schedules(house: TheHouse, actor: Reader) -> Response:
    """List schedules, the newest 1,000."""
    owners = None if actor.admin else [actor.name]
    found = await offload.read(house.database, lambda conn: keeping.find(conn, owners=owners))
    return Json({"schedules": [_view(one) for one in found], "next": None})


@router.get(
    "/{schedule}", operation_id="read_schedule", summary="Read a schedule", response_model=ScheduleShape
)
async def read_schedule(schedule: Id, house: TheHouse, actor: Reader) -> Response:
    """Describe a schedule, when it comes true next, and what came of the last time."""
    found = await offload.read(
        house.database, lambda conn: _found(conn, actor, Action.SCHEDULE_READ, schedule)
    )
    return Json(_view(found))


@router.patch(
    "/{schedule}", operation_id="change_schedule", summary="Change a schedule", response_model=ScheduleShape
)
async def change_schedule(schedule: Id, wish: ScheduleChange, house: TheHouse, actor: Changer) -> Response:
    """Change its name, its times, or what it submits."""
    if wish.request is not None:
        await asyncio.to_thread(house.requests.prepare, actor, wish.request)

    def act(conn: Connection) -> Schedule:
        found = _found(conn, actor, Action.SCHEDULE_CHANGE, schedule)
        template = None if wish.request is None else _planned(conn, house, found.owner, wish.request)
        return keeping.change(
            conn, schedule, name=wish.name, cron=wish.cron, zone=wish.zone, template=template
        )

    return Json(_view(await offload.write(house.database, CHANGE, act)))


@router.post(
    "/{schedule}/pause", operation_id="pause_schedule", summary="Stop for now", response_model=ScheduleShape
)
async def pause_schedule(schedule: Id, house: TheHouse, actor: Changer) -> Response:
    """Submit nothing more until it is resumed; what is missed meanwhile is not made up for."""

    def act(conn: Connection) -> Schedule:
        _found(conn, actor, Action.SCHEDULE_CHANGE, schedule)
        return keeping.pause(conn, schedule)

    return Json(_view(await offload.write(house.database, CHANGE, act)))


@router.post(
    "/{schedule}/resume", operation_id="resume_schedule", summary="Go on", response_model=ScheduleShape
)
async def resume_schedule(schedule: Id, house: TheHouse, actor: Changer) -> Response:
    """Go on at the next time from now."""

    def act(conn: Connection) -> Schedule:
        _found(conn, actor, Action.SCHEDULE_CHANGE, schedule)
        return keeping.resume(conn, schedule)

    return Json(_view(await offload.write(house.database, CHANGE, act)))


@router.delete("/{schedule}", operation_id="delete_schedule", summary="Forget a schedule", status_code=204)
async def delete_schedule(schedule: Id, house: TheHouse, actor: Changer) -> Response:
    """Delete it; the jobs that it submitted stay."""

    def act(conn: Connection) -> None:
        _found(conn, actor, Action.SCHEDULE_CHANGE, schedule)
        keeping.remove(conn, schedule)

    await offload.write(house.database, CHANGE, act)
    return Response(status_code=204)


def _found(conn: Connection, actor: Actor, action: Action, id_: str) -> Schedule:
    schedule = keeping.get(conn, id_)
    require(actor, action, Resource("schedule", id_, schedule.owner))
    return schedule


def _planned(conn: Connection, house: House, owner: str, request: JobRequest) -> View:
    """Return a request as a template when it can be submitted now."""
    house.requests.plan(conn, owner, request)
    return request.as_json()


def _view(schedule: Schedule) -> View:
    shown = {name: value for name, value in schedule._asdict().items() if name not in ("template", "tick")}
    times = [] if schedule.paused else timing.upcoming(schedule.cron, schedule.zone, clock.now(), SHOWN)
    return shown | {"request": schedule.template, "upcoming": times}


SCHEDULES = Face("schedules", router)
