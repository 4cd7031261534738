"""The value that a job's result tells of."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from shoal.base.errors import ShoalError
from shoal.base.extras import require
from shoal.client.calls import Ask, Call, bytes_of

SPECIAL = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
LONG = 600.0


class JobFailed(ShoalError):
    """Say that a job ended without a result; `details` holds its `job`, `state` and `error`."""

    code = "job_failed"
    status = 409


def value_of(path: str, result: Mapping[str, Any] | None) -> Call[Any]:
    """Return what a function returned, or a program's whole result; a large value is fetched.

    NaN and infinities stand where they stood. A large table comes as a dict of columns, large bytes as bytes.
    """
    if result is None or "value" not in result:
        return result
    if not (artifact := result.get("artifact")):
        return restored(result)
    content = yield from _file(path, artifact)
    if artifact == "value.json":
        special = result.get("special")
        if isinstance(special, str):
            special = orjson.loads((yield from _file(path, special)))
        return restored({"value": orjson.loads(content), "special": special})
    if artifact.endswith(".arrow"):
        return require("pyarrow.ipc", "all").open_file(content).read_all().to_pydict()
    return content


def _file(path: str, name: str) -> Call[bytes]:
    return bytes_of(Ask("GET", f"{path}/artifacts/{name}", patience=LONG))


def restored(result: Mapping[str, Any]) -> Any:
    """Return the value of a result that holds it all."""
    value = result["value"]
    if result.get("encoding") == "base64":
        return base64.b64decode(value)
    for name, pointers in (result.get("special") or {}).items():
        for pointer in pointers:
            value = _with(value, pointer, SPECIAL[name])
    return value


def failure_of(facts: Mapping[str, Any]) -> JobFailed:
    """Return the error for a job that ended otherwise than well; its `error` may hold a traceback."""
    error = facts["error"] or {}
    told = error.get("message") or f"It was {facts['state']}."
    hint = str(error.get("hint") or "")
    return JobFailed(
        f"Job {facts['id']}: {told}", hint=hint, job=facts["id"], state=facts["state"], error=error
    )


def _with(value: Any, pointer: str, special: float) -> Any:
    """Return a value with a number put where a JSON pointer says."""
    if not pointer:
        return special
    *way, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    holder = value
    for part in way:
        holder = holder[int(part) if isinstance(holder, list) else part]
    holder[int(last) if isinstance(holder, list) else last] = special
    return value
