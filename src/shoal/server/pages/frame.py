"""Rendering: every page in one skeleton, with the headers that keep it safe."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shoal import __version__
from shoal.server.pages import csrf, flash
from shoal.server.pages.assets import assets
from shoal.server.pages.words import FILTERS
from shoal.studies.telling.colours import slot

POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return a page; templates get `url`, `asset`, `csrf`, `said` and `nav` besides their context."""
    said, token = flash.said(request), csrf.token_of(request)
    frame = {
        "url": lambda path: request.scope.get("root_path", "") + path,
        "path": request.url.path.removeprefix(request.scope.get("root_path", "")),
        "csrf": token,
        "said": said,
        "took": _took(request),
        "signed_in": not request.state.listener.loopback,
    }
    content = templates().get_template(template).render({**frame, **context})
    response = HTMLResponse(content, status, {**HEADERS, **(headers or {})})
    csrf.keep(request, response, token)
    if said:
        flash.forget(request, response)
    return response


def part(request: Request, template: str, context: Mapping[str, Any]) -> HTMLResponse:
    """Return a piece of a page that a live page asks for again."""
    return render(request, template, context)


@cache
def templates() -> jinja2.Environment:
    """Return the templates of pages and, for what they share, of the report."""
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.PackageLoader("shoal.server.pages", "templates"),
                jinja2.PackageLoader("shoal.studies.telling", "templates"),
            ]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update({"asset": _asset, "version": __version__, "slot": slot})
    return environment


def _asset(name: str) -> str:
    return assets()[name].path


def _took(request: Request) -> str:
    began: float | None = getattr(request.state, "began", None)
    return f"{(time.perf_counter() - began) * 1000:.0f} ms" if began else ""
