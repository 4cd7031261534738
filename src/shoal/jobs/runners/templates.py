"""Filling in the number of an array element or of a batch's item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MARK = "{{.}}"


def filled(spec: Mapping[str, Any], number: int | str | None) -> dict[str, Any]:
    """Return a spec with a number in the place of each mark in its command, arguments and environment."""
    if number is None:
        return dict(spec)
    changed: dict[str, Any] = {}
    for name in ("cmd", "args"):
        if spec.get(name):
            changed[name] = words(spec[name], number)
    if spec.get("env"):
        changed["env"] = {name: _word(value, number) for name, value in spec["env"].items()}
    return {**spec, **changed}


def words(given: Sequence[Any], number: int | str) -> list[Any]:
    """Return words with a number in the place of each mark."""
    return [_word(each, number) for each in given]


def _word(given: Any, number: int | str) -> Any:
    return given.replace(MARK, str(number)) if isinstance(given, str) else given
