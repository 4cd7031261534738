"""The report of a study as one file: /api/v1/studies/ID/report.html."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from shoal.access import Action, Actor
from shoal.base.errors import ShoalError
from shoal.server import offload
from shoal.server.api.studies import PATH, Id, found_study
from shoal.server.draining import Draining
from shoal.server.drawing import PATIENCE, album
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.rules import Rule, TheDraining, TheHouse
from shoal.studies.model import Fit, Study
from shoal.studies.store import stored
from shoal.studies.telling.document import document
from shoal.studies.telling.report import PLAIN_POLICY, render_report
from shoal.studies.telling.report_parts import policy

router = APIRouter(prefix=PATH, tags=["studies"])
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
# The report is our own page, but what is in it is somebody's data: only our scripts run, with no origin.
SANDBOX = "sandbox allow-scripts allow-downloads allow-modals"


class Figures(NamedTuple):
    """Hold a study's album, or why there is none."""

    album: dict[str, Any] | None
    trouble: str = ""


@router.get(
    "/{study}/report.html",
    operation_id="read_study_report",
    summary="The report",
    response_class=HTMLResponse,
)
async def read_report(study: Id, house: TheHouse, draining: TheDraining, actor: Reader) -> Response:
    """Send the report as one page that needs nothing else; 409 without a result."""

    def find(conn: Connection) -> tuple[Study, list[Fit]]:
        found = found_study(conn, actor, Action.STUDY_READ, study)
        return found, stored.list_fits(conn, found.id)

    found, fits = await offload.read(house.database, find)
    figures = await figures_of(house, draining, found)
    page = await asyncio.to_thread(
        lambda: render_report(found, document(found, fits), figures.album, trouble=figures.trouble)
    )
    scripts = policy() if figures.album else PLAIN_POLICY
    safe = {"Content-Security-Policy": f"{scripts}; {SANDBOX}", "X-Content-Type-Options": "nosniff"}
    return HTMLResponse(page, headers=safe)


async def figures_of(house: House, draining: Draining, study: Study) -> Figures:
    """Return a study's figures; waits while a worker draws them, and not where there is no worker."""
    if study.summary is None:
        return Figures(None)
    try:
        content = await album(
            house, draining, study, patience=PATIENCE if house.supervisor is not None else 0.0
        )
    except ShoalError as error:
        return Figures(None, str(error))
    return Figures(await asyncio.to_thread(orjson.loads, content))


REPORTS = Face("reports", router)
