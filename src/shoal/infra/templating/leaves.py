"""The strings of a JSON tree, and the tree again with others in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shoal.base.pointers import pointer

# Where a string is: keys and numbers from the root on; a key of a mapping itself has KEY at its end.
Path = tuple[str | int, ...]
KEY = "(key)"
# What begins something in a template; a text without it is left alone.
MARKS = ("{{", "{%", "{#")


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


def replaced(value: Any, change: Callable[[Path, str], Any], path: Path = ()) -> Any:
    """Return a copy of a tree in which `change(path, text)` stands for every string; keys stay texts."""
    if isinstance(value, str):
        return change(path, value)
    if isinstance(value, Mapping):
        keys = {key: str(change((*path, key, KEY), key)) for key in value}
        return {keys[key]: replaced(each, change, (*path, key)) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(each, change, (*path, number)) for number, each in enumerate(value)]
    return value


def shown(path: Path) -> str:
    """Return a place as a JSON pointer; a key of a mapping is where its value is."""
    return pointer(path[:-1] if path[-1:] == (KEY,) else path)
