"""The strings of a JSON tree, and the tree again with others in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

# What begins something in a template; a text without it is left alone.
MARKS = ("{{", "{%", "{#")


def is_template(text: str) -> bool:
    """Say whether a text has anything to fill in."""
    return any(mark in text for mark in MARKS)


def leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string with its place as a JSON pointer, keys of mappings too, in a fixed order."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, each in value.items():
            if isinstance(key, str):
                yield f"{pointer}/{escaped(key)}#", key
            yield from leaves(each, f"{pointer}/{escaped(str(key))}")
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from leaves(each, f"{pointer}/{number}")


def replaced(value: Any, change: Callable[[str, str], Any], pointer: str = "") -> Any:
    """Return a copy of a tree in which `change(pointer, text)` stands for every string."""
    if isinstance(value, str):
        return change(pointer, value)
    if isinstance(value, dict):
        return {_key(change, pointer, key): _below(change, pointer, key, each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_below(change, pointer, number, each) for number, each in enumerate(value)]
    return value


def escaped(key: str) -> str:
    """Return a key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _key(change: Callable[[str, str], Any], pointer: str, key: Any) -> Any:
    return change(f"{pointer}/{escaped(key)}#", key) if isinstance(key, str) else key


def _below(change: Callable[[str, str], Any], pointer: str, key: Any, value: Any) -> Any:
    return replaced(value, change, f"{pointer}/{escaped(str(key))}")
