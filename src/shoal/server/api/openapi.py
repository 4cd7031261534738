"""The description of the API: what FastAPI derives, with the errors that every operation can answer."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shoal.server.api.shapes.problems import Problem

DESCRIPTION = (
    "Find how many clusters your data has. Errors are `application/problem+json` (RFC 9457); "
    "times are UTC microseconds; lists are read in parts by following `next`."
)
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "The server token; not needed by the server's own user on a loopback address.",
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an app, made once."""
    if not app.openapi_schema:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=DESCRIPTION,
            routes=app.routes,
            servers=app.servers,
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        _add_problem(schemas)
        document["components"]["securitySchemes"] = {"serverToken": BEARER}
        document["security"] = [{"serverToken": []}, {}]
        for operations in document["paths"].values():
            for operation in operations.values():
                _add_errors(operation)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema


def _add_problem(schemas: dict[str, Any]) -> None:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem


def _add_errors(operation: dict[str, Any]) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation["responses"].pop("422", None)
    operation["responses"]["4XX"] = {"description": "The request cannot be served.", "content": problem}
    operation["responses"]["5XX"] = {"description": "The server cannot serve now.", "content": problem}
