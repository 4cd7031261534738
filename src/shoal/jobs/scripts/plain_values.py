"""Python values as plain JSON values."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import math
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from itertools import islice
from pathlib import PurePath
from typing import Any
from uuid import UUID

from shoal.base.errors import InvalidInput

DEEPEST = 100
LONGEST_ITERATOR = 1_000_000
_LONGEST_REPR = 1000
# Whole numbers beyond 64 bits are text: readers of JSON would make others of them.
_WHOLE = range(-(2**63), 2**64)


class Plain:
    """Turn values into JSON and remember what JSON cannot say: NaN, infinities, and foreign types."""

    def __init__(self) -> None:
        self.special: dict[str, list[str]] = {}
        self.foreign: set[str] = set()

    def facts(self) -> dict[str, Any]:
        """Return what was remembered, as a part of a result."""
        said: dict[str, Any] = {"special": self.special} if self.special else {}
        if self.foreign:
            names = ", ".join(sorted(self.foreign))
            said["note"] = f"Shown as Python shows it, since JSON has no such type: {names}."
        return said

    def of(self, value: Any, pointer: str = "", depth: int = 0) -> Any:
        """Return a value as JSON; `pointer` is where it stands.

        Raises:
            InvalidInput: it is nested too deeply, or holds itself.
        """
        if value is None or isinstance(value, bool):
            return value
        if type(value) is str:
            return sound(value)
        if depth > DEEPEST:
            raise InvalidInput("The result is nested over 100 deep, or holds itself.", code="wrong_result")
        if isinstance(value, Enum):
            return self.of(value.value, pointer, depth + 1)
        if isinstance(value, (int, float)):
            return self._number(value, pointer)
        return self._other(value, pointer, depth + 1)

    def _number(self, value: float, pointer: str) -> Any:
        if isinstance(value, bool):
            return bool(value)
        if isinstance(value, int):
            return int(value) if value in _WHOLE else str(int(value))
        if math.isfinite(value):
            return float(value)
        name = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        self.special.setdefault(name, []).append(pointer)
        return None

    def _other(self, value: Any, pointer: str, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value.items(), pointer, depth)
        if isinstance(value, tuple) and (named := getattr(value, "_asdict", None)) is not None:
            return self._mapping(named().items(), pointer, depth)
        if isinstance(value, (list, tuple, range, deque)):
            return self._sequence(value, pointer, depth)
        if isinstance(value, Set):
            return self._sequence(_sorted(value), pointer, depth)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
            return self._mapping(fields, pointer, depth)
        if (text := _text(value)) is not None:
            return text
        return self._foreign(value, pointer, depth)

    def _foreign(self, value: Any, pointer: str, depth: int) -> Any:
        """Return a value of another package's type."""
        if (inner := _opened(value)) is not value:
            return self.of(inner, pointer, depth)
        if isinstance(value, Iterator):
            return self._sequence(islice(value, LONGEST_ITERATOR), pointer, depth)
        self.foreign.add(type(value).__name__)
        return _shown(value)

    def _mapping(self, items: Iterable[tuple[Any, Any]], pointer: str, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in items:
            key = _key(name)
            made[key] = self.of(value, f"{pointer}/{escaped(key)}", depth)
        return made

    def _sequence(self, values: Iterable[Any], pointer: str, depth: int) -> list[Any]:
        return [self.of(value, f"{pointer}/{i}", depth) for i, value in enumerate(values)]


def sound(text: str) -> str:
    """Return a text that can be written as UTF-8: half characters, as in odd file names, become escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def escaped(key: str) -> str:
    """Return a key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _key(name: Any) -> str:
    if isinstance(name, str):
        return sound(str(name))
    if name is None or isinstance(name, bool):
        return "null" if name is None else str(name).lower()
    text = _text(name)
    return str(_opened(name)) if text is None else text


def _text(value: Any) -> str | None:
    """Return what is said best as a text: times in ISO 8601, exact numbers, names, errors."""
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return None if _is_missing_time(value) else value.isoformat()
    if isinstance(value, dt.timedelta):
        return str(value)
    if isinstance(value, (Decimal, Fraction, UUID, PurePath)):
        return sound(str(value))
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, complex):
        return str(value)
    if isinstance(value, BaseException):
        return sound(f"{type(value).__name__}: {value}")
    return sound(str(value)) if isinstance(value, str) else None


def _opened(value: Any) -> Any:
    """Return what an array, a scalar, a series, a table or a model holds as Python values; else the same.

    Only packages that are loaded can have made the value, so none is imported.
    """
    package = type(value).__module__.partition(".")[0]
    if _is_missing_time(value) or type(value).__name__ == "NAType":
        return None
    if package == "numpy":
        return _of_numpy(value)
    if package == "pandas":
        return _of_pandas(value)
    if package == "pyarrow":
        opens = (getattr(value, name, None) for name in ("to_pydict", "to_pylist", "as_py"))
        return next((opened() for opened in opens if opened is not None), value)
    if hasattr(value, "model_dump"):
        return value.model_dump()
    return value


def _of_numpy(value: Any) -> Any:
    numpy = sys.modules["numpy"]
    if isinstance(value, numpy.datetime64):
        return None if numpy.isnat(value) else str(value)
    if isinstance(value, numpy.ndarray) and value.dtype.kind in "mM":
        return [_of_numpy(one) for one in value] if value.ndim else _of_numpy(value[()])
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        made = value.tolist()
        return str(value) if isinstance(made, numpy.generic) else made
    return value


def _of_pandas(value: Any) -> Any:
    if hasattr(value, "isoformat"):  # Timestamp and Timedelta
        return value.isoformat()
    if hasattr(value, "to_dict"):
        frame = value
        return frame.to_dict() if frame.index.is_unique else frame.reset_index().to_dict(orient="list")
    return list(value) if hasattr(value, "__iter__") else str(value)


def _is_missing_time(value: Any) -> bool:
    return type(value).__name__ == "NaTType"


def _sorted(values: Set[Any]) -> list[Any]:
    """Return a set's members in one order, so that equal sets are equal results."""
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=lambda value: (type(value).__name__, repr(value)))


def _shown(value: Any) -> str:
    try:
        return sound(repr(value)[:_LONGEST_REPR])
    except Exception:
        return f"<{type(value).__name__}>"
