"""Errors as whole pages: what was wrong, what to do, and the id to quote."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from shoal.server.pages.flash import go
from shoal.server.pages.frame import render
from shoal.server.problems import Problem, answer

SIGN_IN = "/app/sign-in"
LISTS = {
    "studies": "studies",
    "live": "live tasks",
    "jobs": "jobs",
    "scripts": "scripts",
    "datasets": "datasets",
    "infra": "infrastructures",
}


def error_page(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a page; programs that ask for something else than HTML get the problem itself."""
    if not wants_page(request):
        return answer(request, problem, headers)
    if problem["status"] == 401 and request.method in ("GET", "HEAD"):
        return go(request, f"{SIGN_IN}?next={quote(_here(request))}")
    near = _near(request)
    context = {"problem": problem, "request_id": request.state.request_id, "near": near, "words": LISTS[near]}
    return render(request, "error.html.j2", context, status=problem["status"], headers=headers)


def wants_page(request: Request) -> bool:
    """Say whether the sender names HTML among what it takes."""
    return "text/html" in request.headers.get("accept", "")


def _near(request: Request) -> str:
    """Return the list that what was asked for stands in, by its address; that of studies for any other."""
    section = request.url.path.removeprefix(request.scope.get("root_path", "")).split("/")[2:3]
    return section[0] if section and section[0] in LISTS else "studies"


def _here(request: Request) -> str:
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return f"{path}?{request.url.query}" if request.url.query else path
