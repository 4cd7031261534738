"""Which columns of a dataset a study clusters by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, Protocol

from shoal.base.errors import InvalidInput
from shoal.studies.wording import counted, listed

Why = Literal["text", "date", "yes/no", "other", "place", "id", "constant", "empty", "not chosen"]
NUMBERS = ("number", "integer")
PLACES = ("longitude", "latitude")


class ColumnFacts(Protocol):
    """What is asked of a dataset's column."""

    @property
    def name(self) -> str:
        """Return the name as the file has it."""

    @property
    def kind(self) -> str:
        """Return number, integer, text, date, boolean or another word."""

    @property
    def constant(self) -> bool:
        """Say whether every row has the same value."""

    @property
    def role(self) -> str | None:
        """Return spatial, id or None."""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Hold the columns used and, for each column left out, why."""

    used: tuple[str, ...]
    left: tuple[tuple[str, Why], ...]

    @property
    def constant(self) -> tuple[str, ...]:
        """Return the columns left out because they are the same in every row."""
        return tuple(name for name, why in self.left if why == "constant")

    def sentence(self) -> str:
        """Return what was left out in few words: `3 text columns, 1 id column`; empty for nothing."""
        reasons = Counter(why for _, why in self.left if why != "not chosen")
        return ", ".join(counted(number, f"{why} column") for why, number in reasons.items())


def choose_columns(columns: Sequence[ColumnFacts], asked: Sequence[str] | None) -> ColumnChoice:
    """Return the asked columns, or the number columns that are no place, id or constant.

    Raises:
        InvalidInput: a name is unknown or no number column, or no column is left.
    """
    if asked is not None:
        _refuse(columns, asked)
    why = {column.name: _why_not(column, asked) for column in columns}
    used = tuple(name for name, reason in why.items() if reason is None)
    if not used:
        raise _none_left(why)
    return ColumnChoice(used, tuple((name, reason) for name, reason in why.items() if reason is not None))


def _why_not(column: ColumnFacts, asked: Sequence[str] | None) -> Why | None:
    if asked is not None and column.name not in asked:
        return "not chosen"
    if column.kind not in NUMBERS:
        return _other_kind(column)
    if column.constant:
        return "constant"
    if asked is None and (column.role == "spatial" or column.name.strip().lower() in PLACES):
        return "place"
    return "id" if asked is None and column.role == "id" else None


def _other_kind(column: ColumnFacts) -> Why:
    kinds: dict[str, Why] = {"text": "text", "date": "date", "boolean": "yes/no", "empty": "empty"}
    return kinds.get(column.kind, "other")


def _refuse(columns: Sequence[ColumnFacts], asked: Sequence[str]) -> None:
    named = {column.name: column for column in columns}
    for name in asked:
        if name not in named:
            raise _unknown(name, list(named))
        if named[name].kind not in NUMBERS:
            kind = _other_kind(named[name])
            raise InvalidInput(f"Column {name} is {kind}; only numbers can be grouped.", column=name)


def _unknown(name: str, names: list[str]) -> InvalidInput:
    close = get_close_matches(name, names, 1)
    hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names)}."
    return InvalidInput(f"There is no column {name}.", hint=hint, column=name)


def _none_left(why: dict[str, Why | None]) -> InvalidInput:
    reasons = {reason for reason in why.values() if reason in ("constant", "place", "id")}
    if "constant" in reasons:
        same = [name for name, reason in why.items() if reason == "constant"]
        verb = "has" if len(same) == 1 else "have"
        return InvalidInput(f"{listed(same)} {verb} the same value in every row: there is nothing to group.")
    if reasons:
        names = [name for name, reason in why.items() if reason in reasons]
        hint = f"To use them anyway: --columns {','.join(names)}"
        return InvalidInput("The only number columns are places or ids.", hint=hint)
    return InvalidInput("There are no number columns.", hint="Text cannot be grouped yet.")
