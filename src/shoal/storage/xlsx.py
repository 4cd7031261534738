"""Reading of the first sheet of an Excel workbook (xlsx), by the extra `xlsx`."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from typing import Any, BinaryIO

import pyarrow as pa

from shoal.base.errors import InvalidInput, TooLarge
from shoal.base.extras import require
from shoal.storage.delimited import RawTable
from shoal.storage.detection import unsupported
from shoal.storage.dialect import has_no_header
from shoal.storage.expansion import CHUNK, too_large
from shoal.storage.headers import column_names
from shoal.storage.inference import ColumnGuess, column_notes
from shoal.storage.numerals import is_missing
from shoal.storage.options import ReadOptions
from shoal.storage.tidying import tidied

MOST_CELLS = 50_000_000
_CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d{1,7})"')
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


def read_xlsx(file: BinaryIO, name: str, options: ReadOptions) -> RawTable:
    """Read the first sheet of a workbook; its first row that is not empty names the columns.

    Raises:
        MissingExtra: python-calamine is not installed.
        UnsupportedMedia: it is a zip file of another kind.
        InvalidInput: it is damaged, or its first sheet is no table.
        TooLarge: it expands to more than the limit.
    """
    _check_parts(file, name, options)
    calamine = require("python_calamine", "xlsx")
    file.seek(0)
    try:
        book = calamine.load_workbook(file)
        sheets = book.sheet_names
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=True) if sheets else []
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise _damaged(name) from error
    notes = [f"Only the first sheet, {sheets[0]}, is read; there are {len(sheets)}."] if len(sheets) > 1 else []
    return _table([row for row in rows if any(cell != "" for cell in row)], notes, name)


def _check_parts(file: BinaryIO, name: str, options: ReadOptions) -> None:
    """Look into the zip before anything is expanded: what it is, how large, and how wide its sheets are."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as parts:
            names = parts.namelist()
            if "xl/workbook.xml" not in names:
                raise unsupported(name, "a zip archive", hint="Expand it, and give the table inside.")
            if sum(part.file_size for part in parts.infolist()) > options.max_expanded_bytes:
                raise too_large(name, None, options.max_expanded_bytes)
            for sheet in filter(_SHEET.fullmatch, names):
                _check_extent(parts, sheet, name)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _damaged(name) from error
    except Exception as error:
        # zlib.error has no better base than Exception.
        if type(error).__name__ == "error":
            raise _damaged(name) from error
        raise


def _check_extent(parts: zipfile.ZipFile, sheet: str, name: str) -> None:
    # A single cell far out makes a reader allocate every cell before it.
    width = height = 0
    with parts.open(sheet) as opened:
        rest = b""
        while chunk := opened.read(CHUNK):
            for letters, digits in _CELL.findall(rest + chunk):
                width, height = max(width, _place(letters)), max(height, int(digits))
            rest = chunk[-64:]
    if width * height > MOST_CELLS:
        raise TooLarge(
            f"{name}: A sheet spans {height:,} rows and {width:,} columns; the limit is {MOST_CELLS:,} cells.",
            hint="Delete cells far from the table, or save it as CSV.",
            file=name,
        )


def _place(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place


def _damaged(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name}: This Excel file is damaged or locked by a password.",
        hint="Open it in Excel and save it again, or save it as CSV.",
        file=name,
    )


def _table(rows: list[list[Any]], notes: list[str], name: str) -> RawTable:
    if len(rows) < 2:
        raise InvalidInput(
            f"{name}: The first sheet has {'a header and no rows' if rows else 'no cells'}.",
            hint="Put a header row and rows into the first sheet.",
            file=name,
        )
    headers = tuple(_as_text(cell) for cell in rows[0])
    body = [[_as_text(cell) for cell in row] for row in rows[1:200]]
    if has_no_header(list(headers), body):
        raise InvalidInput(
            f"{name}: This file has no header row.", hint="The first line must name the columns.", file=name
        )
    names, changed = column_names(headers)
    columns, told = [], list[str]()
    for place, column in enumerate(names):
        cells, more = _column(column, [row[place] for row in rows[1:]])
        columns.append(cells)
        told += more
    table, more = tidied(pa.Table.from_arrays(columns, names=names))
    return RawTable(table, headers, (*notes, *changed, *told, *more))


def _column(name: str, cells: list[Any]) -> tuple[Any, list[str]]:
    """Return a column's cells typed, with notes: Excel's own numbers as they are, words by the rules of text."""
    there = [cell for cell in cells if not (isinstance(cell, str) and is_missing(cell))]
    if there and all(type(cell) in (int, float) for cell in there):
        numbers = [None if isinstance(cell, str) else float(cell) for cell in cells]
        whole = all(value is None or (value.is_integer() and abs(value) < 2**53) for value in numbers)
        return pa.chunked_array([pa.array(numbers, pa.float64()).cast(pa.int64() if whole else pa.float64())]), []
    if there and all(type(cell) is bool for cell in there):
        return pa.chunked_array([pa.array([cell if type(cell) is bool else None for cell in cells])]), []
    guess = ColumnGuess(".")
    text = pa.array([None if isinstance(cell, str) and is_missing(cell) else _as_text(cell) for cell in cells], pa.string())
    guess.add(text)
    settled = guess.finish()
    line: Callable[[int], int] = lambda row: row + 2  # noqa: E731
    return (pa.chunked_array([text]) if settled is None else settled), column_notes(name, guess, line)


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return str(cell)
