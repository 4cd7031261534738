"""The columns of numbers of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.types as kinds
from numpy.typing import NDArray

from shoal.base.errors import InvalidInput
from shoal.storage.arrow_values import floats


def number_columns(table: Any, names: Sequence[str] | None = None) -> list[str]:
    """Return the names that were chosen, or those of all columns of numbers.

    Raises:
        InvalidInput: a chosen column is not there or holds no numbers, or no column does.
    """
    for name in names or ():
        column(table, name)
        if not _is_number(table.schema.field(name).type):
            raise InvalidInput(
                f"Column {name} holds no numbers.", hint="Choose columns of numbers.", column=name
            )
    found = list(names or [field.name for field in table.schema if _is_number(field.type)])
    if not found:
        raise InvalidInput("No column holds numbers.", hint=_there_are(table))
    return found


def column(table: Any, name: str) -> Any:
    """Return a column; raises InvalidInput when it is not there."""
    if name not in table.column_names:
        raise InvalidInput(f"There is no column {name}.", hint=_there_are(table), column=name)
    return table.column(name)


def values_of(table: Any, name: str) -> NDArray[np.float64]:
    """Return the values of a column of numbers that are there."""
    values = floats(table.column(name))
    return values[~np.isnan(values)]


def _is_number(kind: Any) -> bool:
    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind))


def _there_are(table: Any) -> str:
    return f"There are: {', '.join(table.column_names)}."
