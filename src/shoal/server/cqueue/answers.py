"""Errors as the face's clients get them: small JSON."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from shoal.server.problems import Problem
from shoal.server.replies import Json


def refused(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Tell a problem; what cannot be used is a bad request (400), as everything else than 422 stays."""
    words = f"{problem['title']} {problem.get('detail', '')}".strip()
    status = 400 if problem["status"] == 422 else problem["status"]
    return Json({"error": words, "code": problem["code"]}, status, headers)
