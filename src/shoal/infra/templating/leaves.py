"""The strings of a JSON tree, and the tree again with others in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from shoal.base.pointers import pointer

# What begins something in a template; a text without it is left alone.
MARKS = ("{{", "{%", "{#")


def is_template(text: str) -> bool:
    """Say whether a text has anything to fill in."""
    return any(mark in text for mark in MARKS)


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string with its place as a JSON pointer, keys of mappings too, in a fixed order."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, each in value.items():
            if isinstance(key, str):
                yield f"{at}{pointer([key])}#", key
            yield from leaves(each, f"{at}{pointer([key])}")
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from leaves(each, f"{at}{pointer([number])}")


def replaced(value: Any, change: Callable[[str, str], Any], at: str = "") -> Any:
    """Return a copy of a tree in which `change(pointer, text)` stands for every string."""
    if isinstance(value, str):
        return change(at, value)
    if isinstance(value, dict):
        return {_key(change, at, key): _below(change, at, key, each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_below(change, at, number, each) for number, each in enumerate(value)]
    return value


def _key(change: Callable[[str, str], Any], at: str, key: Any) -> Any:
    return change(f"{at}{pointer([key])}#", key) if isinstance(key, str) else key


def _below(change: Callable[[str, str], Any], at: str, key: Any, value: Any) -> Any:
    return replaced(value, change, f"{at}{pointer([key])}")
