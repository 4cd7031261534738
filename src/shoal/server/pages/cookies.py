"""Cookies: for this server's own pages only, out of reach of scripts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response


def put(request: Request, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """Give a browser a cookie; without `seconds` it lasts until the browser is closed."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=request.scope.get("root_path", "") or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def drop(request: Request, response: Response, name: str) -> None:
    """Take a cookie away."""
    response.delete_cookie(name, path=request.scope.get("root_path", "") or "/")
