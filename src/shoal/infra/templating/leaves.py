"""The strings of a JSON tree, and the tree again with others in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shoal.base.pointers import pointer

# Where a string is: keys and numbers from the root on; a key of a mapping itself has KEY at its end.
Path = tuple[str | int, ...]
KEY = -1
# What begins something in a template; a text without it is left alone.
MARKS = ("{{", "{%", "{#")
_MARK = re.compile(r"\{\{|\{%|\{#|\}\}|%\}|#\}")


class KeyTwice(Exception):
    """Say that a key of a mapping comes to the same as another one; `path` is where its value is."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(name)
        self.path = path
        self.name = name


def is_template(text: str) -> bool:
    """Say whether a text has anything to fill in."""
    return any(mark in text for mark in MARKS)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every string with its place, keys of mappings too, in a fixed order."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(key, str):
                yield (*path, key, KEY), key
            yield from leaves(each, (*path, key))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number))


def expressed(value: Any) -> int:
    """Return how many characters of a tree's templates are not plain text: reading these takes its time."""
    length = 0
    for _, text in leaves(value):
        begun: int | None = None
        for found in _MARK.finditer(text):
            if found[0] in MARKS and begun is None:
                begun = found.start()
            elif found[0] not in MARKS and begun is not None:
                length, begun = length + found.end() - begun, None
        length += 0 if begun is None else len(text) - begun
    return length


def replaced(value: Any, change: Callable[[Path, str], Any], path: Path = ()) -> Any:
    """Return a copy of a tree in which `change(path, text)` stands for every string; keys stay texts.

    Raises:
        KeyTwice: two keys of a mapping have become one.
    """
    if isinstance(value, str):
        return change(path, value)
    if isinstance(value, Mapping):
        found: dict[str, Any] = {}
        for key, each in value.items():
            name = str(change((*path, key, KEY), key))
            if name in found:
                raise KeyTwice((*path, key), name)
            found[name] = replaced(each, change, (*path, key))
        return found
    if isinstance(value, list | tuple):
        return [replaced(each, change, (*path, number)) for number, each in enumerate(value)]
    return value


def place(path: Path) -> Path:
    """Return where a string is found in a file: a key of a mapping is where its value is."""
    return path[:-1] if path[-1:] == (KEY,) else path


def shown(path: Path) -> str:
    """Return the place of a string as a JSON pointer."""
    return pointer(place(path))
