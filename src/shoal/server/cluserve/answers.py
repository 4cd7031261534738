"""Answers that tell errors, in the form that GraphQL has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shoal.base.errors import ShoalError
from shoal.server.pages.errors import error_page
from shoal.server.problems import Problem
from shoal.server.replies import Json

Told = dict[str, Any]
_PROBLEM = ("type", "title", "status", "code", "detail")


def of_shoal(error: ShoalError) -> Told:
    """Return one of our errors: its details stand beside its code."""
    return {"message": str(error), "extensions": {"code": error.error_code.upper()} | error.details}


def unexpected(request_id: str) -> Told:
    """Return what is said of an error of ours."""
    return told(f"This is our fault. It is logged as {request_id}.", "INTERNAL")


def answer_of(errors: Iterable[Told], data: Any = None) -> dict[str, Any]:
    """Return an answer with errors; no data at all when nothing was carried out."""
    return {"data": data, "errors": list(errors)}


def refused(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Tell a problem of HTTP itself as an answer of GraphQL, with its status; a reader gets a page."""
    if request.method in ("GET", "HEAD"):
        return error_page(request, problem, headers)
    words = f"{problem['title']} {problem.get('detail', '')}".strip()
    details = {name: value for name, value in problem.items() if name not in _PROBLEM}
    told = {"message": words, "extensions": {"code": problem["code"].upper()} | details}
    return Json(answer_of([told]), problem["status"], headers)


def told(message: str, code: str) -> Told:
    """Return an error with nothing but a sentence and a code."""
    return {"message": message, "extensions": {"code": code}}
