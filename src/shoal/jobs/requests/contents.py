"""What a runner reads of a request: its own fields, brought to one form, with every limit filled in."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import orjson

from shoal.base.settings import Settings
from shoal.jobs.data import binding
from shoal.jobs.requests.agreeing import FIELDS
from shoal.jobs.requests.fields import StepRequest

PLACE = re.compile(r"\{\{\s*\.\s*\}\}")
_DEFAULTS: dict[str, Any] = {
    "args": [],
    "kwargs": {},
    "env": {},
    "cmd": [],
    "step": 1,
    "fail_fast": False,
}


def content_of(request: StepRequest, settings: Settings) -> dict[str, Any]:
    """Return the spec of a run; its data is not bound yet."""
    needed, more = FIELDS[str(request.runner)]
    spec: dict[str, Any] = {}
    for name in sorted({*needed, *more} - {"data"}):
        value = getattr(request, name)
        if value is None and name in _DEFAULTS:
            value = _DEFAULTS[name]
        if value is not None:
            spec[name] = value
    return spec | {"limits": limits_of(request, settings), "kill_grace": request.kill_grace}


def limits_of(request: StepRequest, settings: Settings) -> dict[str, Any]:
    """Return the bounds of an attempt."""
    given = {name: value for name, value in dict(request.limits).items() if value is not None}
    return {"memory": settings.execution.memory, "output": settings.execution.output} | given


def filled(value: Any, index: int, *, typed: bool = False) -> Any:
    """Return a value with every `{{.}}` in its texts replaced by a number.

    `typed` makes a text that is nothing else the number itself, not its digits.
    """
    if isinstance(value, str):
        return index if typed and PLACE.fullmatch(value) else PLACE.sub(str(index), value)
    if isinstance(value, list):
        return [filled(each, index, typed=typed) for each in value]
    if isinstance(value, dict):
        return {name: filled(each, index, typed=typed) for name, each in value.items()}
    return value


def cache_key(kind: str, spec: dict[str, Any]) -> str | None:
    """Return what equal runs have in common; None when it is not known what would run, or on what.

    What was bound by its hash counts by that, so that the same bytes under another name are the same.
    """
    data = spec.get("data") or {}
    is_awaited = data.get("type") == "result" and not ("value" in data or "key" in data)
    if (
        is_awaited
        or not binding.is_fixed(data)
        or (kind in ("function", "file") and not spec.get("code_hash"))
    ):
        return None
    same = {name: data[name] for name in ("type", "sha256", "datatype", "columns") if name in data}
    told = {name: value for name, value in spec.items() if name not in ("kill_grace", "step_name", "feeds")}
    told["data"] = same if "sha256" in data else data
    return sha256(orjson.dumps([kind, told], option=orjson.OPT_SORT_KEYS)).hexdigest()
