"""Destroying an infrastructure: /app/infra/ID/destroy asks for its name first."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text
from shoal.server.pages.frame import render
from shoal.server.pages.infra.looking import PATH, Id, Reader, Remover, Seen, seen
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{infra}}/destroy", include_in_schema=False)


@router.get("")
async def ask(request: Request, infra: Id, house: TheHouse, actor: Reader) -> Response:
    """Ask before an infrastructure is destroyed."""
    return _page(request, await seen(house, actor, infra), {})


@router.post("")
async def destroy(request: Request, infra: Id, house: TheHouse, actor: Remover) -> Response:
    """Let all its machines go, when its name was typed."""
    async with form_of(request) as form:
        found = await seen(house, actor, infra, Action.INFRA_DELETE)
        typed = text(form, "name").strip()
    if typed != found.infra.name:
        return _page(request, found, {"name": f"That is not its name. Type {found.infra.name} to go on."})
    await house.infra.destroy(found.infra.id)
    return go(request, found.here, f"{found.infra.name} is being destroyed.")


def _page(request: Request, found: Seen, errors: Mapping[str, str]) -> Response:
    context = dict(found.facts()) | {"machines": len(found.instances), "errors": errors}
    return render(request, "infra_destroy.html.j2", context, status=422 if errors else 200)


DESTROYING = Face("destroying an infrastructure", router, render=error_page, below="/app")
