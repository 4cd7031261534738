"""The document of a job: what a user says of it, and what we add."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from shoal.access import OWNER
from shoal.base import clock
from shoal.jobs.model import Job
from shoal.jobs.states import State
from shoal.server.jobserver.words import moment_of, text_of, time_of
from shoal.storage.words import sized

FACE = "jobserver"
# What we say and nobody else: sent along, as by who sends back a whole document, it is passed over.
OURS = frozenset(
    ("_id", "created", "started", "finished", "edited", "result", "error", "message", "time_sec", "user_id")
)
# What a job runs with: fixed once it was started.
RUNS_WITH = ("script", "script_name", "data", "datafile", "raw_data")
MESSAGES = {
    State.FAILED: "The script failed.",
    State.CANCELLED: "The job was cancelled.",
    State.LOST: "The process that ran the job was lost.",
}


def told_by_user(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body may say of a job."""
    return {name: value for name, value in body.items() if name not in OURS}


def document(job: Job) -> dict[str, Any]:
    """Return a job as the older service wrote it."""
    facts: dict[str, Any] = {
        "_id": job.external_ids[FACE],
        "created": time_of(job.created),
        "started": _noted(job, "started") or "None",
        "finished": time_of(job.ended),
        "result": None if job.state is not State.SUCCEEDED else result_of(job.result),
    }
    if edited := max(_noted(job, "edited"), time_of(job.ended) if job.ended else ""):
        facts["edited"] = edited
    if job.ended is not None and (seconds := _seconds(job, job.ended)) is not None:
        facts["time_sec"] = seconds
    if job.state in MESSAGES:
        facts |= {"message": MESSAGES[job.state], "error": error_of(job.error or {})}
    if job.owner != OWNER.name:
        facts["user_id"] = job.owner
    texts: dict[str, Any] = text_of(told_by_user(job.extra) | facts)
    return texts


def _seconds(job: Job, ended: int) -> float | None:
    with suppress(ValueError):
        return (ended - moment_of(_noted(job, "started"))) / clock.SECOND
    return None


def _noted(job: Job, name: str) -> str:
    value = job.extra.get(name)
    return value if isinstance(value, str) else ""  # Anything else was put there by other requests.


def result_of(result: Any) -> Any:
    """Return what a script returned, or the output of a program."""
    if not isinstance(result, dict):
        return result
    if "value" in result:
        return result["value"] if not result.get("artifact") else without_value(result)
    return {name: result[name] for name in ("stdout", "stderr", "exit_code") if name in result}


def without_value(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of a result that is too large to be told itself."""
    return {name: result[name] for name in ("artifact", "note") if name in result}


def error_of(error: Mapping[str, Any]) -> str:
    """Return why a job ended without a result, with the class of the exception before the words."""
    kind, message = error.get("type") or error.get("kind") or "", error.get("message") or ""
    return f"{kind}: {message}".strip(": ")


def script_shown(wish: Mapping[str, Any], said: Any) -> dict[str, Any]:
    """Return `script` as a started job tells it; its type is there when the user said it."""
    shown = {"name": wish.get("script", ""), "args": wish.get("args", []), "kwargs": wish.get("kwargs", {})}
    return (dict(said) if isinstance(said, Mapping) else {}) | shown


def data_shown(bound: Mapping[str, Any], said: Any) -> dict[str, Any]:
    """Return `data` as a started job tells it; its path is where the file can be asked for here."""
    if bound["type"] == "datafile":
        name = bound["name"]
        return {"type": "datafile", "path": f"/datafile/{name}", "name": name, "size": sized(bound["size"])}
    shown = dict(said) if isinstance(said, Mapping) else dict(bound)
    if bound["type"] == "object":
        shown |= {"datatype": bound["datatype"], "size": sized(bound["size"])}
    return shown
