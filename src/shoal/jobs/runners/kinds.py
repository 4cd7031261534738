"""The kinds of job that run what users bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shoal.jobs.kinds import Kind, register
from shoal.jobs.requests.passing import mourn, record

GRACE = 5.0


def inputs(spec: Mapping[str, Any]) -> Sequence[str]:
    """Return the storage keys of the data that a run reads."""
    data = spec.get("data") or {}
    return [data["key"]] if isinstance(data, Mapping) and data.get("key") else []


def _runner(name: str, module: str) -> Kind:
    run = f"shoal.jobs.runners.{module}:run"
    return Kind(name, run, record=record, mourn=mourn, inputs=inputs, charged=True, grace=GRACE)


COMMAND = _runner("command", "command")
FILE = _runner("file", "file")
BATCH = _runner("batch", "batch")
FUNCTION = _runner("function", "function")
EVAL = _runner("eval", "evaluated")
CONTAINER = _runner("container", "container")
KINDS = (COMMAND, FILE, BATCH, FUNCTION, EVAL, CONTAINER)


def register_kinds() -> None:
    """Make the kinds known to this process."""
    for kind in KINDS:
        register(kind)
