"""Errors in the older service's manner: an object with `status` and `message`; the reply has that status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shoal.server.problems import Problem
from shoal.server.replies import Json

# Its documents know one status for whatever is wrong with what was sent.
WRONG, BAD_REQUEST = 422, 400


def refused(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Tell a problem: its fact and remedy as one `message`."""
    status = BAD_REQUEST if problem["status"] == WRONG else problem["status"]
    body: dict[str, Any] = {
        "status": status,
        "message": f"{problem['title']} {problem.get('detail', '')}".strip(),
        "error": problem["code"],
        "request_id": request.state.request_id,
    }
    return Json(body, status, headers)
