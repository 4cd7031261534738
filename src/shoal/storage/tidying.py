"""Tables that come typed (Parquet, xlsx, memory), brought to the same rules as text."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from shoal.storage.arrow_values import null
from shoal.storage.words import counted, first_few


def tidied(table: Any) -> tuple[Any, list[str]]:
    """Return the table with plain types and without NaN or infinite values, and notes.

    Decimals become float64, dictionaries their values; infinite values and NaN count as missing.
    """
    notes, others, columns = list[str](), list[str](), []
    for name, column in zip(table.column_names, table.columns, strict=True):
        column = _plain(column)
        if kinds.is_floating(column.type):
            column, endless = _finite(column)
            if endless:
                notes.append(f"Column {name}: {counted(endless, 'infinite value')} taken as missing.")
        elif kinds.is_nested(column.type):
            others.append(f"Column {name} holds lists or records, which cannot be grouped.")
        columns.append(column)
    tidy = pa.Table.from_arrays(columns, names=table.column_names)
    return tidy, [*first_few(notes, "column"), *first_few(others, "column")]


def _plain(column: Any) -> Any:
    kind = column.type
    if kinds.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if kinds.is_decimal(kind) or kinds.is_float16(kind):
        return column.cast(pa.float64())
    if kinds.is_large_string(kind) or kinds.is_string_view(kind):
        return column.cast(pa.string())
    return column


def _finite(column: Any) -> tuple[Any, int]:
    endless = pc.sum(pc.is_inf(column)).as_py() or 0
    if endless or pc.any(pc.is_nan(column)).as_py():
        column = pc.if_else(pc.is_finite(column), column, null(column.type))
    return column, endless
