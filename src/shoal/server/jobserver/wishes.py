"""From the document of a job to the request that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.base.errors import InvalidInput
from shoal.storage.words import shown

EXAMPLE = '{"script_name": "summary"}'
TYPES = ("function", "file", "eval")


def wish_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the job request (JSON) that a document means; what is wrong with its values is told later.

    Raises:
        InvalidInput: it names no script, or its script or data is no object.
    """
    wish = _script(document)
    data = _data(document)
    return wish if data is None else wish | {"data": data}


def _script(document: Mapping[str, Any]) -> dict[str, Any]:
    script = document.get("script")
    if script is None and isinstance(document.get("script_name"), str):
        script = {"name": document["script_name"]}
    if not isinstance(script, Mapping):
        raise InvalidInput("The job names no script.", hint=f"Send it first: {EXAMPLE}.")
    kind = script.get("type") or "function"
    if kind not in TYPES:
        raise InvalidInput(
            f"There is no script type {shown(str(kind))!r}.", hint=f"There are: {', '.join(TYPES)}."
        )
    return {"runner": kind} | _call(kind, script)


def _call(kind: str, script: Mapping[str, Any]) -> dict[str, Any]:
    args, kwargs = script.get("args") or [], script.get("kwargs") or {}
    if kind == "eval":
        return {"code": script.get("code", script.get("name")), "args": args, "kwargs": kwargs}
    # A program has no named arguments; the older service passed over them too.
    call = {"script": script.get("name"), "args": args}
    return call if kind == "file" else call | {"kwargs": kwargs}


def _data(document: Mapping[str, Any]) -> dict[str, Any] | None:
    if (data := document.get("data")) is not None:
        if not isinstance(data, Mapping):
            raise InvalidInput("`data` is no object.", hint='Like {"type": "datafile", "name": "a.csv"}.')
        return dict(data)
    if (name := document.get("datafile")) is not None:
        return {"type": "datafile", "name": name}
    if "raw_data" in document:
        return {"type": "raw_data", "data": document["raw_data"]}
    return None
