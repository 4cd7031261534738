"""Names of columns: trimmed, never empty, never twice."""

from __future__ import annotations

from collections.abc import Sequence

from shoal.storage.words import first_few, shown


def column_names(headers: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return a name for each header, and notes about those that had to change.

    Spaces around a header are left out, an empty one becomes `column_3` by its place (from 1), and the
    second of two that are the same becomes `name_2`.
    """
    trimmed = [" ".join(header.splitlines()).strip() for header in headers]
    taken, used, numbers = set(trimmed), set[str](), dict[str, int]()
    names, empty, twice = list[str](), list[str](), list[str]()
    for place, header in enumerate(trimmed, 1):
        name = header or f"column_{place}"
        if name in used or (not header and name in taken):
            name = _numbered(name, taken, numbers)
        if not header:
            empty.append(f"Column {place} has no name. It is called {name} here.")
        elif name != header:
            twice.append(_shared(header, name))
        taken.add(name)
        used.add(name)
        names.append(name)
    return names, first_few(twice, "column") + first_few(empty, "column")


def _numbered(name: str, taken: set[str], numbers: dict[str, int]) -> str:
    number = numbers.get(name, 2)
    while f"{name}_{number}" in taken:
        number += 1
    numbers[name] = number + 1
    return f"{name}_{number}"


def _shared(header: str, name: str) -> str:
    label = shown(header)
    return f"{label} and {label}: two columns share a name. The second is called {shown(name)} here."
