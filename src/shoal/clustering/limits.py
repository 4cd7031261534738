"""State what values a hyperparameter may have, once: the check and the words of its error follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np

from shoal.base.errors import InvalidInput, InvalidSetting


class InvalidParameter(InvalidSetting, ValueError):
    """Say that a hyperparameter has a value it cannot have; scikit-learn's callers expect a ValueError."""

    code = "invalid_parameter"


class InvalidData(InvalidInput, ValueError):
    """Say that rows or weights cannot be clustered; scikit-learn's callers expect a ValueError."""

    code = "invalid_data"


class Limit(Protocol):
    """Say whether a value is within a limit, and name the limit in words."""

    def admits(self, value: Any) -> bool:
        """Say whether the value is allowed."""

    def words(self) -> str:
        """Complete the sentence "it must be ..."."""


@dataclass(frozen=True)
class Whole:
    """Admit whole numbers from a minimum upwards."""

    minimum: int

    def admits(self, value: Any) -> bool:
        """Say whether the value is a whole number that is large enough."""
        if not isinstance(value, Integral) or isinstance(value, bool):
            return False
        return int(value) >= self.minimum

    def words(self) -> str:
        """Name the limit."""
        return f"a whole number from {self.minimum} upwards"


@dataclass(frozen=True)
class Number:
    """Admit finite numbers from a minimum upwards."""

    minimum: float

    def admits(self, value: Any) -> bool:
        """Say whether the value is a finite number that is large enough."""
        if not isinstance(value, Real) or isinstance(value, bool):
            return False
        return bool(np.isfinite(float(value))) and float(value) >= self.minimum

    def words(self) -> str:
        """Name the limit."""
        return f"a finite number from {self.minimum:g} upwards"


@dataclass(frozen=True)
class Positive:
    """Admit finite numbers above 0."""

    def admits(self, value: Any) -> bool:
        """Say whether the value is a finite number above 0."""
        return Number(0).admits(value) and float(value) > 0

    def words(self) -> str:
        """Name the limit."""
        return "a finite number above 0"


@dataclass(frozen=True)
class Weights:
    """Admit so many finite numbers from 0 upwards that are not all 0."""

    count: int

    def admits(self, value: Any) -> bool:
        """Say whether the value is such a sequence."""
        if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != self.count:
            return False
        return all(Number(0).admits(weight) for weight in value) and any(value)

    def words(self) -> str:
        """Name the limit."""
        return f"{self.count} numbers from 0 upwards, not all 0"


@dataclass(frozen=True)
class OneOf:
    """Admit some literal values."""

    values: tuple[Any, ...]

    def admits(self, value: Any) -> bool:
        """Say whether the value is among them."""
        return any(type(value) is type(known) and value == known for known in self.values)

    def words(self) -> str:
        """Name the limit."""
        return " or ".join(repr(value) for value in self.values)


@dataclass(frozen=True)
class Function:
    """Admit what can be called."""

    def admits(self, value: Any) -> bool:
        """Say whether the value can be called."""
        return callable(value)

    def words(self) -> str:
        """Name the limit."""
        return "a function"


@dataclass(frozen=True)
class Table:
    """Admit tables of numbers."""

    def admits(self, value: Any) -> bool:
        """Say whether the value has the form of an array."""
        return not isinstance(value, str) and (hasattr(value, "__array__") or hasattr(value, "__len__"))

    def words(self) -> str:
        """Name the limit."""
        return "an array of starting centres"


Limits = Mapping[str, tuple[Limit, ...]]


def refuse_beyond(limits: Limits, owner: object) -> None:
    """Raise `InvalidParameter` for the first attribute of `owner` that none of its limits admits."""
    for name, choices in limits.items():
        value = getattr(owner, name)
        if not any(choice.admits(value) for choice in choices):
            allowed = ", or ".join(choice.words() for choice in choices)
            raise InvalidParameter(
                f"{type(owner).__name__}: {name}={value!r} cannot be used.", hint=f"It must be {allowed}."
            )
