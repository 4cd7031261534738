"""A message on the next page, after a form was sent."""

from __future__ import annotations

from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shoal.server.pages.cookies import drop, put

COOKIE = "shoal_said"
LONGEST = 1000


def go(request: Request, path: str, message: str = "") -> Response:
    """Send a browser to another page of ours (303), which shows the message once."""
    response = RedirectResponse(request.scope.get("root_path", "") + path, 303)
    if message:
        put(request, response, COOKIE, quote(message[:LONGEST]), seconds=60)
    return response


def said(request: Request) -> str:
    """Return the message that the page before left."""
    return unquote(request.cookies.get(COOKIE, ""))[:LONGEST]


def forget(request: Request, response: Response) -> None:
    """Show the message no more."""
    drop(request, response, COOKIE)
