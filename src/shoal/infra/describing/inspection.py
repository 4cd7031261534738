"""Check values against tables of keys, and collect what is wrong, with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from shoal.base.pointers import pointer
from shoal.infra.describing.attributes import Key, Kind
from shoal.infra.describing.bundle import Bundle, Path
from shoal.infra.faults import Fault, choice
from shoal.infra.parsing.scalars import TRUTH

_NEEDS: Mapping[Kind, str] = {
    "text": "text",
    "whole": "a whole number, 0 or more",
    "number": "a number, 0 or more",
    "switch": "true or false",
    "texts": "a list of texts",
    "list": "a list",
    "mapping": "a mapping",
    "lines": "text, or a list of texts",
    "any": "something",
}
_EXAMPLES: Mapping[Kind, str] = {"whole": "1", "number": "1.5", "switch": "true", "texts": "[a, b]"}


def is_template(value: Any) -> bool:
    """Say whether a value is text with something to be put in, so that its kind is not known yet."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def shown(value: Any) -> str:
    """Return what a value is, in words short enough for a message."""
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value[:40]) if isinstance(value, str) else str(value)


class Inspection:
    """Collect the faults of a bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self.faults: list[Fault] = []

    def fault(self, path: Path, message: str, advice: str = "", below: int = 0) -> None:
        """Note that what stands at a path is wrong, or so many lines below its first."""
        file, line = self._bundle.place(path) or (None, None)
        if line is not None:
            line += below
        elif path[0] == "definitions" and len(path) > 1:
            file = f"node_def:{path[1]}"  # It was imported some day; of its file nothing is kept.
        self.faults.append(Fault(message, advice, pointer(path), file, line))

    def keyed(
        self, given: Any, path: Path, keys: Sequence[Key], what: str, *, others: bool = False
    ) -> dict[str, Any]:
        """Return those values of a mapping that are right, no empty ones; `others` keeps unknown keys."""
        if not isinstance(given, Mapping):
            self.fault(
                path, f"{what} is {shown(given)}, not a mapping.", "Write `name: value` lines below it."
            )
            return {}
        known = {key.name: key for key in keys}
        kept = {}
        for name, value in given.items():
            if name not in known and not others:
                self.fault((*path, name), f"{what} has no `{name[:60]}`.", choice(name, known))
            elif name not in known:
                kept[name] = value
            elif not _is_left_out(value, known[name]) and self._fits(value, (*path, name), known[name], what):
                kept[name] = _settled(value, known[name].kind)
        for key in keys:
            if key.required and _is_left_out(given.get(key.name), key):
                where = (*path, key.name) if key.name in given else path
                self.fault(where, f"{what} lacks `{key.name}`.", _advice(key))
        return kept

    def _fits(self, value: Any, path: Path, key: Key, what: str) -> bool:
        if key.kind in ("texts", "lines") and isinstance(value, list | tuple):
            return all(self._is_text(one, (*path, index), key, what) for index, one in enumerate(value))
        if not _is(value, key.kind):
            needed = _NEEDS[key.kind]
            given = f"the text {shown(value)}" if isinstance(value, str) else shown(value)
            self.fault(path, f"{what}: `{key.name}` is {given}; it must be {needed}.", _advice(key, value))
            return False
        if key.choices and not is_template(value) and value not in key.choices:
            there = choice("", key.choices) if len(key.choices) < 4 else choice(str(value), key.choices)
            self.fault(path, f"{what}: `{key.name}` cannot be {shown(value)}.", there)
            return False
        return True

    def _is_text(self, value: Any, path: Path, key: Key, what: str) -> bool:
        if _is(value, "text"):
            return True
        given = f"{what}: `{key.name}` must be a list of texts; this is {shown(value)}."
        self.fault(path, given, _advice(key, value))
        return False


def _is_left_out(value: Any, key: Key) -> bool:
    is_blank = isinstance(value, str) and not value.strip()
    return value is None or (is_blank and key.required and not key.blank)


def _advice(key: Key, value: Any = None) -> str:
    if key.choices:
        return f"Write `{key.name}: {key.choices[0]}`. {choice('', key.choices)}"
    is_quoted = isinstance(value, str) and value.isdecimal() and key.kind in ("whole", "number")
    example = value if is_quoted else key.example or _EXAMPLES.get(key.kind, "...")
    quotes = ", without quotes" if key.kind in ("whole", "number", "switch") else ""
    return f"Write `{key.name}: {example}`{quotes}."


def _is(value: Any, kind: Kind) -> bool:
    match kind:
        case "mapping":
            return isinstance(value, Mapping)
        case "list":
            return isinstance(value, list | tuple)
        case "texts":
            return isinstance(value, list | tuple) and all(_is(one, "text") for one in value)
        case "lines":
            return _is(value, "text") or _is(value, "texts")
        case "text":
            return isinstance(value, str) or _is_number(value)
        case "any":
            return True
    return is_template(value) or _is_settled(value, kind)


def _is_settled(value: Any, kind: Kind) -> bool:
    if kind == "switch":
        return isinstance(value, bool) or (isinstance(value, str) and value in TRUTH)
    if kind == "whole":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return _is_number(value) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _settled(value: Any, kind: Kind) -> Any:
    """Return a value as its kind: numbers where text is wanted are text, yes and no are truth values."""
    if kind == "switch" and isinstance(value, str):
        return TRUTH.get(value, value)
    if kind == "text" or (kind == "lines" and not isinstance(value, list | tuple)):
        return value if isinstance(value, str) else str(value)
    if kind in ("texts", "lines"):
        return [_settled(one, "text") for one in value]
    return value
