"""The page of a study: how far it is while it runs, then its report; and the part of it that moves."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.clustering.modes import MODE_NAMES
from shoal.server.api.waiting import trouble_of
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.study.fit_table import FIRST, STATES
from shoal.server.pages.study.looking import (
    PATH,
    Fits,
    Id,
    Part,
    Reader,
    Seen,
    find_study,
    path_of,
    seen,
    whole_address,
)
from shoal.server.pages.study.reporting import drawn_album, report_of
from shoal.server.parts import House
from shoal.server.rules import TheDraining, TheHouse
from shoal.studies.model import StudyState

PATIENCE = 2.0  # seconds: most figures are there by then, and the page is loaded once
router = APIRouter(prefix=PATH, include_in_schema=False)


@router.get("/{study}")
async def show(
    request: Request,
    study: Id,
    house: TheHouse,
    draining: TheDraining,
    actor: Reader,
    query: Fits,
    view: Part = "",
) -> Response:
    """Show a study: its report once there is one, else how far it is."""
    found = await seen(house, actor, study, query)
    if (elsewhere := whole_address(request, found.study, study)) is not None:
        return elsewhere
    context = _context(house, found)
    runs = found.study.state == StudyState.running
    if found.study.summary is None or (runs and view != "report"):
        return render(request, "study_status.html.j2", context)
    report = await report_of(house, draining, found.study, request.scope.get("root_path", ""))
    return render(request, "study_report.html.j2", context | report)


@router.get("/{study}/part/now")
async def show_now(
    request: Request, study: Id, house: TheHouse, draining: TheDraining, actor: Reader, query: Fits
) -> Response:
    """Send what moves while a study runs; once it has ended, 205 has the page loaded again."""
    found = await seen(house, actor, study, query)
    if found.study.state != StudyState.running:
        if found.study.summary is not None:
            await drawn_album(house, draining, found.study, PATIENCE)
        return Response(status_code=205)
    return part(request, "study_now.html.j2", _context(house, found))


@router.get("/{study}/part/figures")
async def show_figures(
    request: Request, study: Id, house: TheHouse, draining: TheDraining, actor: Reader
) -> Response:
    """Say that figures are being drawn; once they are there, 205 has the page loaded again."""
    one = await find_study(house, actor, study)
    if one.summary is not None and (await drawn_album(house, draining, one)).later:
        return part(request, "study_figures.html.j2", {})
    return Response(status_code=205)


def _context(house: House, found: Seen) -> dict[str, Any]:
    path = path_of(found.study)
    runs = found.study.state == StudyState.running
    address = found.table.query.address(path)
    return {
        "study": found.study,
        "here": path,
        "standing": found.standing,
        "table": found.table,
        "address": address,
        "live": address.to(f"{path}/part/now", page=found.table.query.page),
        "runs": runs,
        "trouble": trouble_of(house) if runs else None,
        "states": STATES,
        "modes": MODE_NAMES,
        "first": FIRST,
        "most_k": min(house.settings.limits.max_k, found.study.facts["distinct"]),
    }


STUDY_PAGE = Face("page of a study", router, render=error_page, below="/app")
