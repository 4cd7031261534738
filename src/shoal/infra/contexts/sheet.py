"""What the modules of a cloud-config come to: steps, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shoal.infra.faults import MOST, Fault
from shoal.infra.templating.explaining import sentence

_SHOWN = 70


class Step(NamedTuple):
    """A part of a program that succeeds or fails as a whole; `body` is run by a shell of its own (`-e`)."""

    name: str
    body: str


class Enough(Exception):
    """So much is wrong that reading on is of no use."""


class Sheet:
    """Collect what a cloud-config asks for; a fault does not keep the modules after it from being read.

    `instance` is the id of the machine's instance, None when nothing is to be made: then nothing that takes
    long is worked out.
    """

    def __init__(self, instance: str | None) -> None:
        self.instance = instance
        self.steps: list[Step] = []
        self.faults: list[Fault] = []

    def step(self, name: str, body: str) -> None:
        """Add a step after the others; its name is for people."""
        self.steps.append(Step(shortened(name), body))

    def wrong(self, pointer: str, message: str, advice: str) -> None:
        """Say that something cannot be used; `pointer` is into the cloud-config."""
        self.faults.append(Fault(sentence(message), sentence(advice), pointer))
        if len(self.faults) >= MOST:
            raise Enough

    def mapping(self, value: Any, pointer: str) -> Mapping[str, Any]:
        """Return a value that must be a mapping, an empty one where it is none."""
        if value is None or isinstance(value, Mapping):
            return value or {}
        self.wrong(pointer, f"`{_last(pointer)}` must be a mapping", "write `key: value` lines below it")
        return {}

    def items(self, value: Any, pointer: str) -> Sequence[Any]:
        """Return a value that must be a list, an empty one where it is none."""
        if value is None or isinstance(value, list | tuple):
            return value or ()
        self.wrong(pointer, f"`{_last(pointer)}` must be a list", "begin each of its entries with `- `")
        return ()

    def text(self, value: Any, pointer: str) -> str:
        """Return a value that must be a text or a number, nothing where it is neither."""
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        self.wrong(pointer, f"`{_last(pointer)}` must be a text", "put it into quotes")
        return ""


def shortened(text: str) -> str:
    """Return a text as one short line of whole words: half a secret would not be known as one."""
    words, kept = text.split(), 0
    while kept < len(words) and len(" ".join(words[: kept + 1])) <= _SHOWN:
        kept += 1
    return " ".join([*words[:kept], *(["..."] if kept < len(words) else [])])


def listed(value: Any, separator: str = ",") -> list[Any]:
    """Return what may be a list, or a text with separators, or one thing, as a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(separator) if part.strip()]
    return list(value) if isinstance(value, list | tuple | Mapping) else [value] if value else []


def _last(pointer: str) -> str:
    parts = [part for part in pointer.split("/") if part]
    return next((part for part in reversed(parts) if not part.isdigit()), pointer)
