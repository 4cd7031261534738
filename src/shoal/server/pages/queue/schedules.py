"""Schedules on the page of the queue: pause, resume, run now, delete."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base import clock
from shoal.jobs.schedules import keeping, timing
from shoal.jobs.schedules.schedule import Schedule
from shoal.server import offload
from shoal.server.api.schedules import CHANGE
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of
from shoal.server.pages.frame import render
from shoal.server.pages.job.submitting import submitted
from shoal.server.rules import Rule, TheHouse

ONE = "/app/queue/schedules/{schedule}"
BACK = "/app/queue#schedules"
SHOWN, MOST = 3, 100
router = APIRouter(prefix=ONE, include_in_schema=False)
Id = Annotated[str, Path(max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Reader = Annotated[Actor, Depends(Rule(Action.SCHEDULE_READ))]
Changer = Annotated[Actor, Depends(Rule(Action.SCHEDULE_CHANGE))]


class Planned(NamedTuple):
    """A schedule and its next times (µs)."""

    schedule: Schedule
    upcoming: list[int]


def planned(conn: Connection, actor: Actor) -> list[Planned]:
    """Return the schedules that somebody may see, the newest first."""
    found = keeping.find(conn, owners=None if actor.admin else [actor.name], limit=MOST)
    return [Planned(one, _upcoming(one)) for one in found]


@router.post("/pause")
async def pause(request: Request, schedule: Id, house: TheHouse, actor: Changer) -> Response:
    """Hand in nothing more until it is resumed."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> Schedule:
        _found(conn, actor, Action.SCHEDULE_CHANGE, schedule)
        return keeping.pause(conn, schedule)

    await offload.write(house.database, CHANGE, act)
    return go(request, BACK, "It is paused.")


@router.post("/resume")
async def resume(request: Request, schedule: Id, house: TheHouse, actor: Changer) -> Response:
    """Go on at the next time from now."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> Schedule:
        _found(conn, actor, Action.SCHEDULE_CHANGE, schedule)
        return keeping.resume(conn, schedule)

    await offload.write(house.database, CHANGE, act)
    return go(request, BACK, "It goes on.")


@router.post("/run")
async def run_now(request: Request, schedule: Id, house: TheHouse, actor: Changer) -> Response:
    """Hand its job in once, now, beside its times."""
    async with form_of(request):
        known = await offload.read(
            house.database, lambda conn: _found(conn, actor, Action.SCHEDULE_CHANGE, schedule)
        )
    body = {name: value for name, value in known.template.items() if name != "idempotency_key"}
    job = await submitted(house, actor, body, owner=known.owner)
    return go(request, f"/app/jobs/{job}")


@router.get("/delete")
async def ask_delete(request: Request, schedule: Id, house: TheHouse, actor: Reader) -> Response:
    """Ask before a schedule is deleted."""
    known = await offload.read(
        house.database, lambda conn: _found(conn, actor, Action.SCHEDULE_READ, schedule)
    )
    return render(request, "schedule_delete.html.j2", {"schedule": known})


@router.post("/delete")
async def delete(request: Request, schedule: Id, house: TheHouse, actor: Changer) -> Response:
    """Delete a schedule; the jobs that it handed in stay."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> str:
        known = _found(conn, actor, Action.SCHEDULE_CHANGE, schedule)
        keeping.remove(conn, schedule)
        return known.name or known.id

    return go(request, BACK, f"The schedule {await offload.write(house.database, CHANGE, act)} is deleted.")


def _found(conn: Connection, actor: Actor, action: Action, id_: str) -> Schedule:
    schedule = keeping.get(conn, id_)
    require(actor, action, Resource("schedule", id_, schedule.owner))
    return schedule


def _upcoming(schedule: Schedule) -> list[int]:
    return [] if schedule.paused else timing.upcoming(schedule.cron, schedule.zone, clock.now(), SHOWN)


SCHEDULE_BUTTONS = Face("buttons of a schedule", router, render=error_page, below="/app")
