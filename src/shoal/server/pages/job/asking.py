"""A form that asks for a job, as the body of a request; what cannot be read is said at its field."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shoal.base.errors import ShoalError
from shoal.server.pages.job.fields import ADVANCED, NAME, RUNNERS, Field

Errors = dict[str, str]
MB = 1 << 20


def body_of(runner: str, texts: Mapping[str, str]) -> tuple[dict[str, Any], Errors]:
    """Return the request that the fields of a runner mean, and what is wrong with them."""
    return read_fields((*RUNNERS.get(runner, ()), NAME, *ADVANCED), texts, {"runner": runner})


def read_fields(
    fields: Sequence[Field], texts: Mapping[str, str], body: dict[str, Any]
) -> tuple[dict[str, Any], Errors]:
    """Add what fields say to a request; what is empty is left out of it."""
    errors: Errors = {}
    for field in fields:
        said = texts.get(field.name, "").strip()
        if not said or (said == field.usual and field.name not in ("start", "stop")):
            continue
        try:
            _put(body, field.place, _READERS.get(field.name, _of_widget(field))(said))
        except ValueError as error:
            errors[field.name] = str(error)
    return body, errors


def errors_of(error: ShoalError, fields: Sequence[Field]) -> Errors:
    """Return what was wrong by field; what belongs to none is said above all of them."""
    found: Errors = {}
    for fault in error.details.get("errors") or ():
        pointer = str(fault.get("pointer", "")).strip("/")
        name = next((one.name for one in fields if f"{pointer}/".startswith(f"{one.place}/")), "")
        words = str(fault.get("message", ""))
        told = words if name or not pointer else f"{pointer}: {words}"
        found[name] = f"{found[name]} {told}" if name in found else told
    return found or {"": " ".join(filter(None, (error.message, error.hint)))}


def texts_of(request: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of the fields for a request, the other way round."""
    texts: dict[str, str] = {}
    for field in (*(one for each in RUNNERS.values() for one in each), NAME, *ADVANCED):
        value = _found(request, field.place)
        if value not in (None, "", [], {}) and field.name not in texts:
            texts[field.name] = _WRITERS.get(field.name, _written)(value)
    return texts


def _put(body: dict[str, Any], place: str, value: Any) -> None:
    above, _, name = place.rpartition("/")
    (body.setdefault(above, {}) if above else body)[name] = value


def _found(request: Mapping[str, Any], place: str) -> Any:
    above, _, name = place.rpartition("/")
    inner = request.get(above) if above else request
    return inner.get(name) if isinstance(inner, Mapping) else None


def _of_widget(field: Field) -> Callable[[str], Any]:
    readers: dict[str, Callable[[str], Any]] = {"number": number, "check": bool, "area": _lined}
    return readers.get(field.widget, str)


def number(text: str) -> int | float:
    """Return a number that was typed; raises ValueError with words for whom typed it."""
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        raise ValueError(f"This is not a number: {text[:40]}") from None


def split(text: str) -> list[str]:
    """Return the words of a command; raises ValueError with words for whom typed it."""
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError("A quotation mark is not closed.") from None


def listed(text: str) -> list[str]:
    """Return what stands between commas or line ends."""
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _lined(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _env(text: str) -> dict[str, str]:
    found = dict[str, str]()
    for line in _lined(text):
        name, equals, value = line.partition("=")
        if not (name.strip() and equals):
            raise ValueError(f"A line is NAME=value, not: {line[:60]}")
        found[name.strip()] = value
    return found


def _resources(text: str) -> dict[str, float]:
    found = dict[str, float]()
    for one in listed(text):
        name, equals, amount = one.partition("=")
        if not equals:
            raise ValueError(f"Say how much of it: {one[:40]}=1")
        found[name.strip()] = number(amount.strip())
    return found


def _after(text: str) -> list[dict[str, int]]:
    ids = listed(text)
    if wrong := next((one for one in ids if not (one.isascii() and one.isdecimal())), None):
        raise ValueError(f"This is not the id of a job: {wrong[:40]}")
    return [{"job": int(one)} for one in ids]


def _told(value: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}={inner}" for name, inner in value.items())


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


_READERS: dict[str, Callable[[str], Any]] = {
    "cmd": split,
    "args": split,
    "env": _env,
    "retry_on": listed,
    "labels": listed,
    "resources": _resources,
    "memory": lambda text: round(number(text) * MB),
    "after": _after,
    "code": str,
}
_WRITERS: dict[str, Callable[[Any], str]] = {
    "cmd": lambda words: shlex.join(map(str, words)),
    "args": lambda words: shlex.join(map(str, words)),
    "env": _told,
    "retry_on": ", ".join,
    "labels": ", ".join,
    "resources": lambda amounts: ", ".join(f"{name}={amount:g}" for name, amount in amounts.items()),
    "memory": lambda size: f"{size / MB:g}",
    "array": lambda told: told if isinstance(told, str) else "",
    "webhook": lambda told: told if isinstance(told, str) else str(told.get("url", "")),
}
