"""What the buttons of a job's page do: cancel, run again, remove."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.jobs.model import Job
from shoal.jobs.requests.submitting import rerun as repeat
from shoal.jobs.store import cancelling, editing
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.job_acts import allowed, drop_logs, may_change
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of
from shoal.server.pages.frame import render
from shoal.server.pages.job.looking import Changer, Id, Reader, path_of, seen
from shoal.server.pages.jobs.acts import CHANGED
from shoal.server.pages.jobs.wanted import PATH
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{job}}", include_in_schema=False)


@router.post("/cancel")
async def cancel(request: Request, job: Id, house: TheHouse, actor: Changer) -> Response:
    """Stop a job and its children; what it wrote is kept."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> Job:
        known = allowed(conn, actor, Action.JOB_CHANGE, job)
        cancelling.cancel(conn, [job])
        return known

    return go(request, path_of(await offload.write(house.database, CHANGED, act)))


@router.post("/release")
async def release(request: Request, job: Id, house: TheHouse, actor: Changer) -> Response:
    """Queue a draft."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> Job:
        known = allowed(conn, actor, Action.JOB_CHANGE, job)
        may_change(actor, known)
        house.requests.release(conn, known)
        return known

    return go(request, path_of(await offload.write(house.database, CHANGED, act)))


@router.post("/rerun")
async def rerun(request: Request, job: Id, house: TheHouse, actor: Changer) -> Response:
    """Queue a job again; what it made before is kept."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> Job:
        known = allowed(conn, actor, Action.JOB_CHANGE, job)
        may_change(actor, known)
        repeat(conn, [job])
        return known

    known = await offload.write(house.database, CHANGED, act)
    return go(request, path_of(known), f"Queued again, as run {known.generation + 1}.")


@router.get("/remove")
async def ask_remove(request: Request, job: Id, house: TheHouse, actor: Reader) -> Response:
    """Ask before a job is removed."""
    found = await seen(house, actor, job)
    return render(request, "job_remove.html.j2", {"seen": found, "job": found.job, "label": found.label})


@router.post("/remove")
async def remove(request: Request, job: Id, house: TheHouse, actor: Changer) -> Response:
    """Remove a job that has ended, with its children and logs."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> editing.Removed:
        allowed(conn, actor, Action.JOB_CHANGE, job)
        return editing.remove(conn, [job])

    gone = await offload.write(house.database, CHANGED, act)
    await asyncio.to_thread(drop_logs, house, gone.logs)
    return go(request, PATH, f"Job {job} is removed.")


JOB_BUTTONS = Face("buttons of a job", router, render=error_page, below="/app")
