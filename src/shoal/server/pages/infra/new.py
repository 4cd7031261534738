"""A new infrastructure: /app/infra/new takes a description, shows its plan, and builds it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.infra.blueprints.catalogue import blueprints
from shoal.infra.describing.reading import text_bundle
from shoal.infra.errors import BadDescription
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text
from shoal.server.pages.frame import render
from shoal.server.pages.infra.looking import PATH, Creator, Reader, path_of
from shoal.server.pages.infra.planning import shown
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/new", include_in_schema=False)
NAME = "the description"
EXAMPLE = """\
user_id: me
infra_name: trial
nodes:
  - &M {name: master, type: any}
  - &W {name: worker, type: any, scaling: {min: 2, max: 5}}
dependencies:
  - [*W, *M]
'node_def:any':
  - resource: {type: simulated}
"""


@router.get("")
async def show_form(request: Request, actor: Reader) -> Response:
    """Show the form with a small example of a simulated cloud."""
    return _page(request, EXAMPLE)


@router.post("")
async def send_form(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Show the plan of a description, build it, or say what is wrong with it."""
    async with form_of(request) as form:
        written, act = text(form, "description").replace("\r\n", "\n"), text(form, "act", "plan")
    try:
        bundle = text_bundle(written, NAME).plain()
        if act == "build":
            built = await house.infra.build(actor.name, bundle)
            return go(request, path_of(built), f"{built.name} is being built.")
        plan = (await house.infra.plan(actor.name, bundle)).plan
    except BadDescription as error:
        return _page(request, written, faults=error.details.get("faults", ()), status=422)
    return _page(request, written, **shown(plan))


def _page(request: Request, written: str, *, status: int = 200, **more: Any) -> Response:
    context = {"written": written, "plan": None, "faults": (), "blueprints": blueprints()}
    return render(request, "infra_new.html.j2", context | more, status=status)


NEW_INFRA = Face("new infrastructure", router, render=error_page, below="/app")
