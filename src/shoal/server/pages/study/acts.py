"""What the buttons of a study's page do: cancel, run again, extend, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server import offload
from shoal.server.api.studies import found_study
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text, texts
from shoal.server.pages.frame import render
from shoal.server.pages.study.looking import PATH, Changer, Id, find_study, path_of
from shoal.server.rules import Rule, TheHouse
from shoal.studies import running
from shoal.studies.model import Study
from shoal.studies.store import stored
from shoal.studies.wording import counted

router = APIRouter(prefix=PATH, include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
Remover = Annotated[Actor, Depends(Rule(Action.STUDY_DELETE))]


@router.post("/{study}/cancel")
async def cancel(request: Request, study: Id, house: TheHouse, actor: Changer) -> Response:
    """Stop a study; the fits that ended are kept."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> Study:
        return running.cancel(conn, found_study(conn, actor, Action.STUDY_CHANGE, study))

    changed = await offload.write(house.database, running.CHANGED, act)
    return go(request, path_of(changed))


@router.post("/{study}/rerun")
async def rerun(request: Request, study: Id, house: TheHouse, actor: Changer) -> Response:
    """Run fits again: those that failed or never ran, or those that are chosen."""
    async with form_of(request) as form:
        chosen, rest = _chosen(form), text(form, "what") == "rest"
    if not chosen and not rest:
        one = await find_study(house, actor, study)
        return go(request, f"{path_of(one)}#fits", "Choose fits to run again first.", done=False)

    def act(conn: Connection) -> tuple[Study, int]:
        known = found_study(conn, actor, Action.STUDY_CHANGE, study)
        ids, workers = None if rest else chosen, house.settings.workers
        changed = running.rerun(conn, known, ids, workers=workers)
        return changed, stored.progress(conn, changed).total

    changed, number = await offload.write(house.database, running.CHANGED, act)
    return go(request, path_of(changed), f"+{counted(number, 'fit')}.")


@router.post("/{study}/extend")
async def extend(request: Request, study: Id, house: TheHouse, actor: Changer) -> Response:
    """Try larger numbers of clusters too; only the new fits run."""
    async with form_of(request) as form:
        most = text(form, "max_k")
    limits = (house.settings.limits.max_k, house.settings.limits.fits)
    wanted = int(most) if most.isascii() and most.isdecimal() and len(most) < 10 else 0

    def act(conn: Connection) -> tuple[Study, int]:
        known = found_study(conn, actor, Action.STUDY_CHANGE, study)
        changed = running.extend(conn, known, wanted, workers=house.settings.workers, limits=limits)
        return changed, changed.plan.n_fits - known.plan.n_fits

    changed, number = await offload.write(house.database, running.CHANGED, act)
    told = f"Up to {counted(changed.plan.max_k, 'cluster')}: +{counted(number, 'fit')}."
    return go(request, path_of(changed), told)


@router.get("/{study}/delete")
async def ask_delete(request: Request, study: Id, house: TheHouse, actor: Reader) -> Response:
    """Ask before a study is deleted, where no dialog can."""
    one = await find_study(house, actor, study)
    return render(request, "study_delete.html.j2", {"study": one, "here": path_of(one)})


@router.post("/{study}/delete")
async def delete(request: Request, study: Id, house: TheHouse, actor: Remover) -> Response:
    """Delete a study and its fits; its dataset stays."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> str:
        known = found_study(conn, actor, Action.STUDY_DELETE, study)
        running.remove(conn, known)
        return known.name

    name = await offload.write(house.database, running.REMOVED, act)
    return go(request, PATH, f"The study {name} is deleted. Its data stay.")


def _chosen(form: FormData) -> list[int]:
    given = [one for value in texts(form, "fit") for one in value.split(",")]
    return [int(one) for one in given if one.isascii() and one.isdecimal() and len(one) < 10]


STUDY_BUTTONS = Face("buttons of a study", router, render=error_page, below="/app")
