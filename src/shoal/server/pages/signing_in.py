"""Signing in with the server token, where a listener is open beyond this machine."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.server.faces import Face
from shoal.server.guard.loopback import TOKEN_COOKIE
from shoal.server.pages.cookies import drop, put
from shoal.server.pages.errors import SIGN_IN, error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text
from shoal.server.pages.frame import render
from shoal.server.rules import Rule

router = APIRouter(include_in_schema=False, dependencies=[Depends(Rule(Action.SERVER_PING))])
MONTH = 30 * 86_400


@router.get(SIGN_IN)
async def ask(request: Request, next: Annotated[str, Query(max_length=2000)] = "/app") -> Response:
    """Ask for the token."""
    return render(request, "sign_in.html.j2", {"next": _inside(next), "wrong": False})


@router.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Take the token, and go to where the reader was."""
    async with form_of(request) as form:
        token, where = text(form, "token").strip(), _inside(text(form, "next", "/app"))
    if not request.app.state.tokens.open_to(token):
        return render(request, "sign_in.html.j2", {"next": where, "wrong": True}, status=401)
    response = go(request, where, "You are signed in.")
    put(request, response, TOKEN_COOKIE, token, seconds=MONTH)
    return response


@router.post("/app/sign-out")
async def sign_out(request: Request) -> Response:
    """Forget the token in this browser."""
    async with form_of(request):
        response = go(request, SIGN_IN, "You are signed out.")
    drop(request, response, TOKEN_COOKIE)
    return response


def _inside(path: str) -> str:
    """Return a path of this server: nobody is sent elsewhere."""
    bare = path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/app"
    return bare if bare.isprintable() else "/app"


SIGNING_IN = Face("signing in", router, render=error_page, below="/app")
