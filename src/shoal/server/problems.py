"""Every error as application/problem+json (RFC 9457), with the id of its request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shoal.base.errors import InvalidInput, ShoalError, Unauthenticated
from shoal.base.pointers import pointer, words
from shoal.server.replies import ProblemJson

Problem = dict[str, Any]
TITLES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media"}


def reply(problem: Problem, request_id: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a reply."""
    return ProblemJson(problem | {"request_id": request_id}, problem["status"], headers)


def answer(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Answer a request with a problem."""
    return reply(problem, request.state.request_id, headers)


def of_shoal(error: ShoalError) -> Problem:
    """Return one of our errors."""
    problem = error.as_problem()
    fields = problem.get("errors")
    if isinstance(fields, Mapping):
        problem["errors"] = [
            {"in": "body", "pointer": pointer([name]), "message": str(told)} for name, told in fields.items()
        ]
    return problem


def headers_of(error: ShoalError) -> dict[str, str]:
    """Return the headers that belong to an error."""
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="shoal"'}
    seconds = error.details.get("retry_after")
    return {} if seconds is None else {"Retry-After": str(seconds)}


def of_unexpected(request_id: str) -> Problem:
    """Return the problem for an error of ours; it says nothing about the inside."""
    detail = f"It is logged as {request_id}. Nothing that was accepted is lost."
    return http_problem(500, "This is our fault.", detail, code="internal")


def http_problem(status: int, title: str, detail: str = "", *, code: str = "") -> Problem:
    """Return a problem that comes from HTTP itself."""
    code = code or TITLES.get(status, "bad_request")
    problem: Problem = {"type": f"urn:shoal:error:{code}", "title": title, "status": status, "code": code}
    return problem | ({"detail": detail} if detail else {})


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return what is wrong with each field: where it is, a JSON pointer to it, and words."""
    return [
        {"in": str(error["loc"][0]), "pointer": pointer(error["loc"][1:]), "message": words(error)}
        for error in errors
    ]


def of_validation(error: RequestValidationError) -> Problem:
    """Return everything that is wrong with a request at once."""
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        at, why = found[0]["loc"][-1], found[0]["ctx"]["error"]
        return http_problem(400, f"The body is not JSON: {why} (character {at}).", code="not_json")
    fields = field_errors(found)
    names = ", ".join(dict.fromkeys(field["pointer"].lstrip("/") or "the body" for field in fields))
    return InvalidInput(
        f"The request cannot be used: look at {names}.",
        hint=" ".join(f"{field['pointer'].lstrip('/') or 'body'}: {field['message']}" for field in fields),
        errors=fields,
    ).as_problem()


def of_http(error: HTTPException, method: str, path: str) -> Problem:
    """Return what the framework found: no such path, no such method, a body that cannot be read."""
    match error.status_code:
        case 404:
            return http_problem(404, f"Nothing here: there is no {path}.")
        case 405:
            return http_problem(405, f"{path} does not take {method}.")
        case 400:
            return http_problem(400, "The body cannot be read.", "Send JSON in UTF-8.", code="not_json")
        case status:
            return http_problem(status, error.detail)
