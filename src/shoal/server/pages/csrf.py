"""A form's proof that it comes from one of our pages: a token in a cookie, and the same one in the form."""

from __future__ import annotations

import hmac
import secrets

from starlette.requests import Request
from starlette.responses import Response

from shoal.base.errors import ForeignCaller
from shoal.server.pages.cookies import put

COOKIE = "shoal_form"
FIELD = "csrf"


def token_of(request: Request) -> str:
    """Return the token that this browser's forms carry; a new one for a new browser."""
    known = request.cookies.get(COOKIE, "")
    return known if len(known) == 43 and known.isascii() else secrets.token_urlsafe(32)


def keep(request: Request, response: Response, token: str) -> None:
    """Give a browser its token, if it has another."""
    if request.cookies.get(COOKIE) != token:
        put(request, response, COOKIE, token)


def check(request: Request, given: str) -> None:
    """Pass a form of ours.

    Raises:
        ForeignCaller: it does not carry this browser's token.
    """
    known = request.cookies.get(COOKIE, "")
    if not known or not hmac.compare_digest(known.encode(), given.encode()):
        raise ForeignCaller(
            "This form was not sent from a page of this server, or the page is too old.",
            hint="Go back, load the page again, and send the form once more.",
        )
