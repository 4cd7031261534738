"""Errors in the older service's words, and with the status that they speak of."""

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
    """Tell a problem: `status_code`, `reason` and `message`, and the faults of a description."""
    status = BAD_REQUEST if problem["status"] == WRONG else problem["status"]
    body: dict[str, Any] = {
        "status_code": status,
        "reason": problem["code"],
        "message": f"{problem['title']} {problem.get('detail', '')}".strip(),
        "request_id": request.state.request_id,
    }
    return Json(body | ({"faults": problem["faults"]} if "faults" in problem else {}), status, headers)
