"""Rows in a request's body: JSON, lines of JSON, CSV and Arrow, told apart by their media type."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv

from shoal.base.errors import InvalidInput, UnsupportedMedia
from shoal.base.pointers import pointer

Names = Sequence[str]
MARKS = b",;\t|"


class NotJson(InvalidInput):
    """Say that a body is not JSON."""

    code = "not_json"
    status = 400


def elements_of(body: bytes, media_type: str, wanted: Names) -> Any:
    """Return the rows of a body: an array (n x columns), or a list of what each row holds.

    Args:
        body: the bytes.
        media_type: what they are.
        wanted: the columns to take, in this order, from rows that have names; all when empty.

    Raises:
        UnsupportedMedia: it is of another kind.
        InvalidInput: it is not what it says, lacks a column, or has words in one that is wanted.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if (read := READERS.get(kind)) is None:
        raise UnsupportedMedia(
            f"Rows cannot be read from {kind or 'a body without a Content-Type'}.",
            hint=f"Send one of {', '.join(KINDS)} as Content-Type.",
        )
    return read(body, wanted)


def _json(body: bytes, wanted: Names) -> Any:
    found = _loaded(body)
    if not isinstance(found, dict):
        return _listed(found, wanted)
    if "rows" not in found or found.keys() - {"columns", "rows"}:
        return _listed([found], wanted)  # One object is one row.
    if (names := found.get("columns")) is None:
        return _listed(found["rows"], wanted)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        problem = {"in": "body", "pointer": "/columns", "message": "These are not names of columns."}
        raise InvalidInput("`columns` is not a list of names.", errors=[problem])
    return _reordered(found["rows"], names, wanted)


def _lines(body: bytes, wanted: Names) -> Any:
    lines = [line for line in body.splitlines() if line.strip()]
    try:
        found = orjson.loads(b"[" + b",".join(lines) + b"]")
    except orjson.JSONDecodeError:
        raise _bad_line(lines) from None
    if len(found) != len(lines):
        raise NotJson("A line holds more than one value.", hint="Send one row a line.")
    return _listed(found, wanted)


def _bad_line(lines: Sequence[bytes]) -> NotJson:
    for number, line in enumerate(lines, 1):
        try:
            _loaded(line)
        except NotJson as error:
            return NotJson(f"Line {number}: {error.message}", hint=error.hint, line=number)
    return NotJson("A line is not JSON.", hint="Send one row a line.")


def _csv(body: bytes, wanted: Names) -> Any:
    head = body.lstrip(b"\xef\xbb\xbf\r\n").partition(b"\n")[0].rstrip(b"\r")
    mark = next((chr(mark) for mark in MARKS if mark in head), ",")
    try:
        named = not all(_is_number(cell.strip() or None) for cell in head.decode().split(mark))
        table = pyarrow.csv.read_csv(
            io.BytesIO(body),
            read_options=pyarrow.csv.ReadOptions(autogenerate_column_names=not named, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(delimiter=mark),
        )
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise InvalidInput(f"The CSV cannot be read: {_first_line(error)}") from None
    return _array(table, wanted if named else ())


def _arrow(body: bytes, wanted: Names) -> Any:
    opened = pa.ipc.open_file if body.startswith(b"ARROW1") else pa.ipc.open_stream
    try:
        with opened(pa.py_buffer(body)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidInput(f"This is no Arrow stream or file: {_first_line(error)}") from None
    only = table.schema[0].type if len(table.schema) == 1 else None
    if only is not None and pa.types.is_fixed_size_list(only):
        return _vectors(table.column(0), only.list_size)
    if only is not None and (pa.types.is_list(only) or pa.types.is_large_list(only)):
        return table.column(0).to_pylist()
    return _array(table, wanted)


def _vectors(column: Any, width: int) -> Any:
    """Return one column of vectors as an array; no number is looked at on its own."""
    if column.null_count:
        raise InvalidInput("A row is missing: the column of vectors has a null.")
    arrays = [_floats(chunk.flatten(), "row").reshape(-1, width) for chunk in column.chunks]
    return arrays[0] if len(arrays) == 1 else np.concatenate([np.empty((0, width)), *arrays])


def _array(table: Any, wanted: Names) -> Any:
    """Return columns as an array."""
    _check_names(table.column_names, wanted)
    names = wanted or table.column_names
    columns = [
        _floats(table.column(name) if wanted else table.column(i), name) for i, name in enumerate(names)
    ]
    return np.column_stack(columns) if columns else np.empty((0, 0))


def _floats(column: Any, name: str) -> Any:
    """Return a column as float64, NaN where nothing is."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return np.asarray(column.cast(pa.float64(), safe=False))
    row, value = next(
        ((i, value) for i, value in enumerate(column.to_pylist()) if not _is_number(value)), (0, column.type)
    )
    raise InvalidInput(
        f"Row {row + 1}, column {name}: {str(value)[:40]!r} is not a number.",
        hint="Send numbers only. None of these rows was taken.",
        row=row,
        column=name,
    )


def _listed(found: Any, wanted: Names) -> Any:
    """Return a list of rows; rows that are objects as lists of what is wanted of them."""
    if not isinstance(found, list) or not found or not isinstance(found[0], dict):
        return found
    names = wanted or tuple(found[0])
    rows = []
    for number, row in enumerate(found):
        try:
            rows.append([row[name] for name in names])
        except (KeyError, TypeError):
            raise _incomplete(row, number, names) from None
    return rows


def _incomplete(row: Any, number: int, names: Names) -> InvalidInput:
    lacks = next((name for name in names if name not in row), "") if isinstance(row, dict) else ""
    told = f"has no {lacks!r}" if lacks else "is not an object like the first"
    where = {"in": "body", "pointer": pointer([number]), "message": f"This row {told}."}
    return InvalidInput(
        f"Row {number + 1} {told}.", hint="None of these rows was taken.", errors=[where], row=number
    )


def _reordered(rows: Any, names: Names, wanted: Names) -> Any:
    _check_names(names, wanted)
    if not wanted or list(names) == list(wanted) or not isinstance(rows, list):
        return rows
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            where = {
                "in": "body",
                "pointer": pointer(["rows", number]),
                "message": "This row has another width.",
            }
            raise InvalidInput(
                f"Row {number + 1} has not {len(names)} values, as `columns` says.",
                errors=[where],
                row=number,
            )
    places = [names.index(name) for name in wanted]
    return [[row[place] for place in places] for row in rows]


def _check_names(names: Names, wanted: Names) -> None:
    if missing := [name for name in wanted if name not in names]:
        raise InvalidInput(
            f"There is no column {missing[0]!r}.",
            hint=f"The task takes {', '.join(wanted)}; these rows have {', '.join(names)}.",
            columns=missing,
        )


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return value is None
    return True


def _loaded(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJson(
            f"The body is not JSON: {error.msg} (character {error.pos}).",
            hint="NaN, Infinity and numbers beyond 1e308 are no JSON.",
        ) from None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]


JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
STREAM, FILE = "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file"
KINDS = (JSON, LINES, CSV, STREAM, FILE)
READERS: Mapping[str, Callable[[bytes, Names], Any]] = MappingProxyType(
    {
        JSON: _json,
        LINES: _lines,
        "application/jsonl": _lines,
        "application/ndjson": _lines,
        CSV: _csv,
        STREAM: _arrow,
        FILE: _arrow,
    }
)
