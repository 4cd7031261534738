"""Writing tables as CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, Protocol, cast

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from shoal.base.errors import InvalidInput
from shoal.storage.arrow_values import numbers, string, strings
from shoal.storage.numerals import HARMLESS, MISSING_VALUES

_RISKY = "=+-@\t\r"
_NOTHING, _LINE_END, _QUOTE, _APOSTROPHE = map(string, ("", "\n", '"', "'"))


class Target(Protocol):
    """Something that takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Append bytes."""


def write_csv(
    target: Target,
    headers: Sequence[str],
    batches: Iterable[Any],
    extra: Mapping[str, Any],
    *,
    delimiter: str = ",",
    raw: bool = False,
) -> int:
    """Write rows as UTF-8 CSV, LF between them, quotes only where needed; returns the number of rows.

    A text cell that starts with `=`, `+`, `-`, `@`, tab or carriage return gets an apostrophe, or a
    spreadsheet would run it (OWASP, "CSV Injection"). Numbers and signs for missing values keep every digit.

    Args:
        target: where to.
        headers: names of the columns in the batches.
        batches: record batches; anything that is not text is written as such.
        extra: columns to add at the end, each with as many values as there are rows; null becomes empty. A
            name that is taken becomes `name_2`.
        delimiter: between values.
        raw: leave text cells as they are.

    Raises:
        InvalidInput: an extra column has another number of rows.
    """
    added = [pa.chunked_array([_as_array(values)]) for values in extra.values()]
    names = [*headers, *_free_names(extra, headers)]
    target.write(_lines([strings([name]) for name in names], delimiter, raw))
    rows = 0
    for batch in batches:
        parts = [column.slice(rows, batch.num_rows).combine_chunks() for column in added]
        _check_rows(parts, extra, rows + batch.num_rows)
        cells = [as_text(column) for column in [*batch.columns, *parts]]
        if batch.num_rows:
            target.write(_lines(cells, delimiter, raw))
        rows += batch.num_rows
    _check_rows(added, extra, rows, whole=True)
    return rows


def as_text(cells: Any) -> Any:
    """Return an array as strings, empty where it is null; lists and records as JSON, bytes as hex digits."""
    kind = cells.type
    if kinds.is_nested(kind) or kinds.is_binary(kind) or kinds.is_large_binary(kind):
        return strings([_spelt(cell.as_py()) for cell in cells])
    return pc.fill_null(cells.cast(pa.string()), _NOTHING)


def _spelt(value: Any) -> str:
    if value is None:
        return ""
    return value.hex() if isinstance(value, bytes) else orjson.dumps(value, default=str).decode()


def _lines(columns: list[Any], delimiter: str, raw: bool) -> bytes:
    cells = [_quoted(column if raw else _disarmed(column), delimiter) for column in columns]
    rows = pc.binary_join_element_wise(*cells, string(delimiter)) if len(cells) > 1 else cells[0]
    return _joined(pc.binary_join_element_wise(rows, _NOTHING, _LINE_END))


def _joined(strings: Any) -> bytes:
    """Return all values of an array one after the other, as they lie in its memory."""
    _, offsets, values = strings.buffers()
    if values is None or not len(strings):
        return b""
    first, last = (
        int.from_bytes(offsets[4 * place : 4 * place + 4].to_pybytes(), "little")
        for place in (strings.offset, strings.offset + len(strings))
    )
    return cast(bytes, values[first:last].to_pybytes())


def _disarmed(cells: Any) -> Any:
    risky = reduce(pc.or_, (pc.starts_with(cells, sign) for sign in _RISKY))
    if not pc.any(risky).as_py() or _are_numbers(cells.filter(risky)):
        return cells
    missing = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), MISSING_VALUES)
    harmless = pc.or_(missing, pc.match_substring_regex(cells, HARMLESS))
    armed = pc.and_(risky, pc.invert(harmless))
    return pc.if_else(armed, pc.binary_join_element_wise(_APOSTROPHE, cells, _NOTHING), cells)


def _are_numbers(cells: Any) -> bool:
    try:
        cells.cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _quoted(cells: Any, delimiter: str) -> Any:
    marks = ('"', "\r", "\n", delimiter)
    content = _joined(cells)
    if not any(mark.encode() in content for mark in marks):
        return cells
    needy = reduce(pc.or_, (pc.match_substring(cells, mark) for mark in marks))
    doubled = pc.replace_substring(cells, '"', '""')
    return pc.if_else(needy, pc.binary_join_element_wise(_QUOTE, doubled, _QUOTE, _NOTHING), cells)


def _as_array(values: Any) -> Any:
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    plain = isinstance(values, np.ndarray) and values.dtype.kind in "iuf"
    return numbers(values) if plain else pa.array(values)


def _free_names(extra: Mapping[str, Any], headers: Sequence[str]) -> list[str]:
    taken, names = {header.strip() for header in headers}, []
    for name in extra:
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        taken.add(free)
        names.append(free)
    return names


def _check_rows(columns: list[Any], extra: Mapping[str, Any], rows: int, *, whole: bool = False) -> None:
    for name, column, given in zip(extra, columns, extra.values(), strict=True):
        short = len(given) < rows
        if short or (whole and len(column) != rows):
            raise InvalidInput(f"{name} has {len(given):,} values for {rows:,} rows.")
