"""The parameters of a function, and which of them takes the data."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from shoal.jobs.scripts.docstrings import read_docstring
from shoal.jobs.scripts.hints import EMPTY, Wanted, hint_text, hints_of, wanted

Kind = inspect._ParameterKind
POSITIONAL = (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)
MANY = (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)
# First parameters called so take data although their hint alone does not say so.
_DATA_NAMES = frozenset(
    {"data", "datafile", "dataset", "df", "df_or_path", "file", "filename", "frame"}
    | {"path", "records", "rows", "series", "source", "table"}
)
_DATA_ENDINGS = ("_data", "_df", "_file", "_frame", "_path", "_table")
_COLUMN_NAMES = frozenset({"by", "column", "columns", "covar", "covars", "group_by", "groupby"})
_COLUMN_ENDINGS = ("_column", "_columns")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `hint` is its annotation with extras, `help` what the docstring says of it."""

    name: str
    kind: Kind
    hint: Any
    default: Any
    help: str

    @property
    def needed(self) -> bool:
        """Say whether a call without it fails."""
        return self.default is EMPTY and self.kind not in MANY

    @property
    def wants(self) -> Wanted:
        """Return the sort of thing that it asks for."""
        return wanted(self.hint)

    @property
    def names_columns(self) -> bool:
        """Say whether it names a column, or several, of the data."""
        if get_origin(self.hint) is Annotated and {"column", "columns"} & set(_words(self.hint)):
            return True
        named = self.name in _COLUMN_NAMES or self.name.endswith(_COLUMN_ENDINGS)
        return named and "str" in hint_text(self.hint)

    def as_json(self) -> dict[str, Any]:
        """Return what a list of parameters tells of it."""
        said = {} if self.default is EMPTY else {"default": plain(self.default)}
        facts = {
            "name": self.name,
            "kind": self.kind.name.lower(),
            "type": hint_text(self.hint),
            "needed": self.needed,
            "help": self.help,
        }
        return facts | said


def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return a function's parameters in order.

    Raises:
        ValueError: its signature cannot be read.
    """
    hints, said = hints_of(function), read_docstring(function).parameters
    return tuple(
        Parameter(name, one.kind, hints.get(name, one.annotation), one.default, said.get(name, ""))
        for name, one in inspect.signature(function).parameters.items()
    )


def data_parameter(parameters: tuple[Parameter, ...]) -> Parameter | None:
    """Return the parameter that a form asks data for: the first one, when its hint or name says so.

    A call with data gives it to the first parameter in any case.
    """
    first = parameters[0] if parameters and parameters[0].kind in POSITIONAL else None
    if first is None or first.wants == "plain":
        return None
    if first.wants in ("path", "frame", "table", "array") or is_named_for_data(first.name):
        return first
    return first if first.wants == "any" and first.needed else None


def is_named_for_data(name: str) -> bool:
    """Say whether a parameter's name says that it takes data."""
    return name in _DATA_NAMES or name.endswith(_DATA_ENDINGS)


def plain(value: Any) -> Any:
    """Return a default as JSON, or as Python shows it."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    value = getattr(value, "value", value) if not isinstance(value, (str, int)) else value
    return value if value is None or isinstance(value, (str, int, float)) else repr(value)


def _words(hint: Any) -> list[str]:
    return [extra for extra in get_args(hint)[1:] if isinstance(extra, str)]
