"""What a type hint asks for, told by its name: pandas and pyarrow are not imported for that."""

from __future__ import annotations

import inspect
import types
from collections import abc
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

Wanted = Literal["path", "text", "frame", "table", "array", "mapping", "sequence", "any", "plain"]
EMPTY = inspect.Parameter.empty
_UNIONS = (Union, types.UnionType)
_NAMED: dict[tuple[str, str], Wanted] = {
    ("pandas", "DataFrame"): "frame",
    ("pyarrow", "Table"): "table",
    ("numpy", "ndarray"): "array",
}
# Hints that cannot be read here (imported for type checkers only) are told by their last word.
_LAST_WORDS: dict[str, Wanted] = {"DataFrame": "frame", "Table": "table", "ndarray": "array", "Path": "path"}


def hints_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the type hints of a function; one that cannot be read stays the text that it is."""
    function = inspect.unwrap(function)
    try:
        return get_type_hints(function, include_extras=True)
    except Exception:
        return {name: _alone(function, hint) for name, hint in function.__annotations__.items()}


def wanted(hint: Any) -> Wanted:
    """Return the sort of thing that a hint asks for; of several, the first that is no plain value."""
    if hint in (EMPTY, Any, object):
        return "any"
    if isinstance(hint, str):
        return _LAST_WORDS.get(hint.replace("|", " ").split()[0].rpartition(".")[2], "any")
    origin = get_origin(hint)
    if origin is Annotated:
        return wanted(get_args(hint)[0])
    if origin in _UNIONS:
        found = [wanted(one) for one in get_args(hint) if one is not type(None)]
        return next((one for one in found if one not in ("plain", "text")), found[0] if found else "any")
    return _of_class(origin or hint)


def is_optional(hint: Any) -> bool:
    """Say whether a hint lets None pass."""
    if get_origin(hint) is Annotated:
        return is_optional(get_args(hint)[0])
    return hint in (EMPTY, Any, None) or (get_origin(hint) in _UNIONS and type(None) in get_args(hint))


def hint_text(hint: Any) -> str:
    """Return a hint as people write it."""
    if isinstance(hint, str):
        return hint
    if hint is EMPTY:
        return ""
    if hint in (None, type(None)):
        return "None"
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return hint_text(inner[0])
    if origin in _UNIONS:
        return " | ".join(map(hint_text, inner))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, inner))}]"
    name = _class_name(origin or hint)
    parts = ", ".join("..." if one is ... else hint_text(one) for one in inner if not isinstance(one, list))
    return f"{name}[{parts}]" if parts else name


def _class_name(kind: Any) -> str:
    name = getattr(kind, "__name__", None) or str(kind).replace("typing.", "")
    package = str(getattr(kind, "__module__", "")).partition(".")[0]
    return f"{package}.{name}" if (package, name) in _NAMED else name


def _alone(function: Callable[..., Any], hint: Any) -> Any:
    if not isinstance(hint, str):
        return hint
    try:
        return eval(hint, getattr(function, "__globals__", {}))
    except Exception:
        return hint


def _of_class(kind: Any) -> Wanted:
    if not isinstance(kind, type):
        return "plain"
    named = _NAMED.get((kind.__module__.partition(".")[0], kind.__name__))
    if named is not None:
        return named
    if issubclass(kind, PurePath):
        return "path"
    if kind is str:
        return "text"
    if issubclass(kind, abc.Mapping):
        return "mapping"
    return "sequence" if kind in (list, tuple, abc.Sequence, abc.Iterable) else "plain"
