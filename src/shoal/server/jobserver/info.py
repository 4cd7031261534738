"""/info: the server is alive; `/` says the same to programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server.faces import Face
from shoal.server.jobserver.answers import refused
from shoal.server.pages.errors import wants_page
from shoal.server.pages.flash import go
from shoal.server.pages.home import alive
from shoal.server.rules import Rule

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.SERVER_STATUS))]


@router.get("/info")
async def info(request: Request, _: Reader) -> Response:
    """Say that the server is alive; a browser gets the home page."""
    return go(request, "/") if wants_page(request) else alive(request)


INFO = Face("info of Jobserver", router, render=refused, open=True)
