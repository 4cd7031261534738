"""A message on the next page, after a form was sent."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shoal.server.pages.cookies import drop, put

COOKIE = "shoal_said"
LONGEST = 1000
REFUSED = "!"  # before a message that tells of nothing done; `quote` leaves none of it in the message itself


class Said(NamedTuple):
    """What the page before left to say, and whether it tells of something that was done."""

    text: str
    done: bool


def go(request: Request, path: str, message: str = "", *, done: bool = True) -> Response:
    """Send a browser to another page of ours (303), which shows the message once.

    Args:
        done: the message tells of something that was done; else it says why nothing was.
    """
    response = RedirectResponse(request.scope.get("root_path", "") + path, 303)
    if message:
        put(request, response, COOKIE, ("" if done else REFUSED) + quote(message[:LONGEST]), seconds=60)
    return response


def said(request: Request) -> Said | None:
    """Return the message that the page before left, if it left one."""
    kept = request.cookies.get(COOKIE, "")
    text = unquote(kept.removeprefix(REFUSED))[:LONGEST]
    return Said(text, not kept.startswith(REFUSED)) if text else None


def forget(request: Request, response: Response) -> None:
    """Show the message no more."""
    drop(request, response, COOKIE)
