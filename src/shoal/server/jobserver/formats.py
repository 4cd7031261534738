"""The rows of a data file in the documented formats: csv, json, html and txt (separated by tabs)."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO, NamedTuple

import orjson

from shoal.base.errors import InvalidInput
from shoal.storage.options import ReadOptions
from shoal.storage.reading import read_open_table
from shoal.storage.words import shown

ROWS_AT_ONCE = 1000
Rows = Sequence[Sequence[Any]]


class Format(NamedTuple):
    """How rows are written: what stands before, between blocks of rows, and after."""

    media_type: str
    head: Callable[[Sequence[str]], str]
    block: Callable[[Sequence[str], Rows, bool], str]
    foot: str = ""


def format_of(name: str) -> Format:
    """Return a format by its name; raises InvalidInput."""
    if name not in FORMATS:
        raise InvalidInput(f"There is no format {shown(name)!r}.", hint=f"There are: {', '.join(FORMATS)}.")
    return FORMATS[name]


def written(file: BinaryIO, name: str, how: Format, options: ReadOptions) -> Iterator[bytes]:
    """Read a table and return its pieces in a format.

    Raises:
        InvalidInput, TooLarge, UnsupportedMedia: it cannot be read as a table.
    """
    with ExitStack() as stack:
        table = read_open_table(file, name, options, stack).table
    return _pieces(table, how)


def _pieces(table: Any, how: Format) -> Iterator[bytes]:
    names = table.column_names
    yield how.head(names).encode()
    first = True
    for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
        columns = [column.to_pylist() for column in batch.columns]
        yield how.block(names, list(zip(*columns, strict=True)), first).encode()
        first = False
    yield how.foot.encode()


def _separated(delimiter: str) -> Callable[[Sequence[Any]], str]:
    def line(cells: Sequence[Any]) -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(cells)
        return out.getvalue()

    return line


def _delimited(delimiter: str, media_type: str) -> Format:
    line = _separated(delimiter)
    return Format(media_type, line, lambda _, rows, __: "".join(map(line, rows)))


def _records(names: Sequence[str], rows: Rows, first: bool) -> str:
    written = orjson.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str)
    return ("" if first else ",") + written[1:-1].decode()


def _html_rows(names: Sequence[str], rows: Rows, first: bool) -> str:
    return "".join(_html_row("td", row) for row in rows)


def _html_row(cell: str, values: Sequence[Any]) -> str:
    told = ("" if value is None else html.escape(str(value)) for value in values)
    return f"<tr>{''.join(f'<{cell}>{text}</{cell}>' for text in told)}</tr>\n"


def _html_head(names: Sequence[str]) -> str:
    return f'<!doctype html>\n<meta charset="utf-8">\n<table>\n{_html_row("th", names)}'


FORMATS: Mapping[str, Format] = {
    "csv": _delimited(",", "text/csv; charset=utf-8"),
    "json": Format("text/plain; charset=utf-8", lambda _: "[", _records, "]\n"),
    "html": Format("text/html; charset=utf-8", _html_head, _html_rows, "</table>\n"),
    "txt": _delimited("\t", "text/plain; charset=utf-8"),
}
