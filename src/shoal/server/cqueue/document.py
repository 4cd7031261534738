"""A task as it is posted, and the job request that it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from shoal.base.errors import ShoalError
from shoal.storage.words import shown

RUNNERS = {"": "container", "container": "container", "local": "command", "batch": "batch"}
RETRIES = 2  # how often a failed task is done again, unless it says so itself
RETRIED_ON = ["error", "exit", "timeout", "lost", "memory"]
FACE = "cqueue"
BATCH = "batch"  # offered by the house's own workers, and by others that were started with --batch
# What is called the same, or something else, in a job request.
_SAME = (
    *("image", "cmd", "env", "container_name", "step", "fail_fast", "priority", "timeout", "kill_grace"),
    *("user", "network", "pull", "devices", "data", "labels", "not_before", "webhook", "idempotency_key"),
)
_RENAMED = {"volumes": "mounts", "expires": "deadline"}
_OWN = ("type", "start", "stop", "retries", "backoff", "resources", "depends_on")
FIELDS = frozenset({*_SAME, *_RENAMED, *_OWN})
_BACKOFF = {"base": "backoff", "factor": "factor", "max": "max_delay", "jitter": "jitter"}
_AFTER = {"id", "condition"}
JobOf = Callable[[str], int]


class InvalidTask(ShoalError):
    """Say that a document is no task."""

    code = "invalid_task"
    status = 400


def read(body: bytes) -> dict[str, Any]:
    """Return the document in a body, whatever its Content-Type says.

    Raises:
        InvalidTask: it is no JSON object, or has a field that no task has.
    """
    try:
        document = orjson.loads(body)
    except ValueError as error:
        raise InvalidTask(
            f"The body is not JSON: {error}.", hint='Like {"image": "ubuntu", "cmd": ["echo", "hello"]}.'
        ) from error
    if not isinstance(document, dict):
        raise InvalidTask("The body is not a JSON object.")
    if unknown := sorted(document.keys() - FIELDS):
        raise InvalidTask(
            f"A task has no field {shown(unknown[0])!r}.", hint=f"There are: {', '.join(sorted(FIELDS))}."
        )
    return document


def request_of(document: Mapping[str, Any], job_of: JobOf) -> dict[str, Any]:
    """Return the job request that a task means; `job_of` finds the job of a task by its id.

    Raises:
        InvalidTask: a field has a value it cannot have. What the request itself refuses is not looked at.
        NotFound: it depends on a task that is not there.
    """
    given = {name: value for name, value in document.items() if value is not None}
    request = {name: given[name] for name in _SAME if name in given}
    request |= {ours: given[theirs] for theirs, ours in _RENAMED.items() if theirs in given}
    request["runner"] = _runner(given.get("type", ""))
    if request["runner"] == "batch":
        request["labels"] = [*_list("labels", given.get("labels", [])), BATCH]
    request |= {name: _number(name, given[name]) for name in ("start", "stop", "step") if name in given}
    request["retry"] = _retry(given)
    request |= _bounds(given.get("resources", {}))
    if "depends_on" in given:
        request["after"] = [_after(each, job_of) for each in _list("depends_on", given["depends_on"])]
    return request


def _runner(type_: Any) -> str:
    if not isinstance(type_, str) or type_ not in RUNNERS:
        raise InvalidTask(f"type is {shown(str(type_))!r}; it can be container, local or batch.")
    return RUNNERS[type_]


def _number(name: str, value: Any) -> int:
    """Return a whole number, which the documented examples write as text."""
    text = value.strip() if isinstance(value, str) else str(value)
    digits = text.removeprefix("-")
    if isinstance(value, bool) or not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise InvalidTask(f"{name} is {shown(text)!r}; that is no whole number.")
    return int(text)


def _retry(given: Mapping[str, Any]) -> dict[str, Any]:
    retries = _number("retries", given.get("retries", RETRIES))
    if retries < 0:
        raise InvalidTask("retries is less than 0.")
    backoff = given.get("backoff", {})
    if not isinstance(backoff, Mapping) or not backoff.keys() <= _BACKOFF.keys():
        raise InvalidTask("backoff is an object with base, factor, max and jitter.")
    waits = {_BACKOFF[name]: value for name, value in backoff.items()}
    return {"max_attempts": retries + 1, "on": RETRIED_ON} | waits


def _bounds(resources: Any) -> dict[str, Any]:
    """Return what a worker must have free, and the memory that the task may use."""
    if not isinstance(resources, Mapping) or not resources.keys() <= {"cpu", "gpu", "memory"}:
        raise InvalidTask("resources is an object with cpu, gpu and memory (bytes).")
    needed = {name: value for name, value in resources.items() if name != "memory"}
    memory = {"limits": {"memory": resources["memory"]}} if "memory" in resources else {}
    return ({"resources": needed} if needed else {}) | memory


def _after(given: Any, job_of: JobOf) -> dict[str, Any]:
    after = {"id": given} if isinstance(given, str) else given
    if not (isinstance(after, Mapping) and isinstance(after.get("id"), str) and after.keys() <= _AFTER):
        raise InvalidTask('depends_on is a list of ids, or of {"id": "task_...", "condition": "any"}.')
    condition = {"condition": after["condition"]} if "condition" in after else {}
    return {"job": job_of(after["id"])} | condition


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidTask(f"{name} is no list.")
    return value
