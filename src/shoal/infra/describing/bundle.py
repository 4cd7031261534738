"""A description and node definitions as they were written, with the line of every value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from shoal.base.pointers import pointer
from shoal.infra.faults import Fault, refuse
from shoal.infra.parsing.composing import DEPTH, WEIGHT

Path = tuple[str | int, ...]
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was read from one or several files, nothing of it checked.

    `places` has the file and line of each value, by its JSON pointer into the plain form.
    """

    description: Mapping[str, Any] | None
    definitions: Mapping[str, Any]
    places: Mapping[str, Place] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return the form that is uploaded."""
        return {
            "description": self.description,
            "definitions": dict(self.definitions),
            "places": {where: list(place) for where, place in self.places.items()},
        }

    def place(self, path: Path) -> Place | None:
        """Return where a value was written, or else what it is part of; None when no text is known."""
        return next(
            (
                found
                for length in range(len(path), 0, -1)
                if (found := self.places.get(pointer(path[:length])))
            ),
            None,
        )


def bundle_of(plain: Mapping[str, Any]) -> Bundle:
    """Return the bundle that was uploaded.

    Raises:
        BadDescription: it is no bundle, or nested too deeply, or too large.
    """
    description, definitions = plain.get("description"), plain.get("definitions") or {}
    places = plain.get("places") or {}
    faults = [
        Fault(f"`{name}` of the upload is not a mapping.", "Send what reading the files gave.", f"/{name}")
        for name, value in (("description", description), ("definitions", definitions), ("places", places))
        if not isinstance(value, Mapping) and value is not None
    ]
    faults += [
        Fault(f"There is no `{name}` in an upload.", "There are: description, definitions, places.")
        for name in plain
        if name not in ("description", "definitions", "places")
    ]
    refuse(faults)
    refuse(_unfit((description, definitions)))
    return Bundle(
        description, definitions, {at: place for at, value in places.items() if (place := _place(value))}
    )


def _place(value: Any) -> Place | None:
    match value:
        case [str(file), int(line)]:
            return file, line
    return None


def _unfit(value: Any) -> list[Fault]:
    """Return what others could not bear of a tree that somebody sent: they walk it by calling themselves."""
    weight, level = 0, [value]
    for _ in range(DEPTH + 2):  # Two are ours: the pair, and the types' mapping.
        if strange := next((one for one in level if not _is_json(one)), None):
            return [Fault(f"{str(strange)[:40]!a} cannot be kept.", "Send texts, and numbers of 64 bits.")]
        weight += sum(16 + (len(one) if isinstance(one, str) else 0) for one in level)
        level = [below for one in level for below in _below(one)]
        if weight > WEIGHT:
            return [Fault(f"The description is larger than {WEIGHT >> 20} MiB.", "Leave something out.")]
        if not level:
            return []
    return [Fault(f"The description is nested deeper than {DEPTH} levels.", "Write it flatter.")]


def _is_json(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)
    if isinstance(value, int):
        return -(1 << 63) <= value < 1 << 63
    return not isinstance(value, float) or isfinite(value)


def _below(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return list(value) if isinstance(value, list | tuple) else []
