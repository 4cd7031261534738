"""Reading of the first sheet of an Excel workbook (xlsx), by the extra `xlsx`."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from shoal.base.errors import InvalidInput, TooLarge
from shoal.base.extras import require
from shoal.storage.arrow_values import numbers, strings
from shoal.storage.delimited import RawTable
from shoal.storage.detection import unsupported
from shoal.storage.dialect import has_no_header
from shoal.storage.expansion import CHUNK, too_large
from shoal.storage.headers import column_names
from shoal.storage.inference import ColumnGuess, column_notes
from shoal.storage.numerals import is_missing
from shoal.storage.options import ReadOptions
from shoal.storage.tidying import tidied
from shoal.storage.words import first_few, shown

MOST_CELLS = 20_000_000
_CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})(\d{1,7})"')
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def read_xlsx(file: BinaryIO, name: str, options: ReadOptions) -> RawTable:
    """Read the first sheet of a workbook; its first row that is not empty names the columns.

    Raises:
        MissingExtra: python-calamine is not installed.
        UnsupportedMedia: it is a zip file of another kind.
        InvalidInput: it is damaged, or its first sheet is no table.
        TooLarge: it expands to more than the limit.
    """
    try:
        _check_parts(file, name, options)
    except _BROKEN_ZIP as error:
        raise _damaged(name) from error
    sheets, rows = _first_sheet(file, name)
    notes = []
    if len(sheets) > 1:
        notes.append(f"Only the first sheet, {shown(sheets[0])}, is read; there are {len(sheets)}.")
    return _table(rows, notes, name)


def _check_parts(file: BinaryIO, name: str, options: ReadOptions) -> None:
    """Look into the zip before anything is expanded: what it is, how large, and how wide its sheets are."""
    file.seek(0)
    with zipfile.ZipFile(file) as parts:
        names = parts.namelist()
        if "xl/workbook.xml" not in names:
            raise unsupported(name, "a zip archive", hint="Expand it, and give the table inside.")
        if sum(part.file_size for part in parts.infolist()) > options.max_expanded_bytes:
            raise too_large(name, None, options.max_expanded_bytes)
        for sheet in filter(_SHEET.fullmatch, names):
            _check_extent(parts, sheet, name)


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
            f"{name}: A sheet spans {height:,} rows and {width:,} columns, over {MOST_CELLS:,} cells.",
            hint="Delete cells far from the table, or save it as CSV.",
            file=name,
        )


def _place(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place


def _first_sheet(file: BinaryIO, name: str) -> tuple[list[str], list[tuple[int, list[Any]]]]:
    """Return the names of all sheets, and the first one's rows that are not empty, with their numbers."""
    calamine = require("python_calamine", "xlsx")
    file.seek(0)
    try:
        book = calamine.load_workbook(file)
        if not book.sheet_names:
            return [], []
        sheet = book.get_sheet_by_index(0)
        rows = enumerate(sheet.to_python(skip_empty_area=True), (sheet.start or (0, 0))[0] + 1)
        return book.sheet_names, [(number, row) for number, row in rows if any(cell != "" for cell in row)]
    except BaseException as error:
        # A panic in its Rust code derives from BaseException alone.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise _damaged(name) from error
        raise


def _damaged(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name}: This Excel file is damaged or locked by a password.",
        hint="Open it in Excel and save it again, or save it as CSV.",
        file=name,
    )


def _table(rows: list[tuple[int, list[Any]]], notes: list[str], name: str) -> RawTable:
    if len(rows) < 2:
        raise InvalidInput(
            f"{name}: The first sheet has {'a header and no rows' if rows else 'no cells'}.",
            hint="Put a header row and rows into the first sheet.",
            file=name,
        )
    headers = tuple(_as_text(cell) for cell in rows[0][1])
    if has_no_header(list(headers), [[_as_text(cell) for cell in row] for _, row in rows[1:200]]):
        hint = "The first line must name the columns."
        raise InvalidInput(f"{name}: This file has no header row.", hint=hint, file=name)
    names, changed = column_names(headers)
    places, columns, told = [number for number, _ in rows[1:]], [], list[str]()
    for place, column in enumerate(names):
        cells, more = _column(column, [row[place] for _, row in rows[1:]], places)
        columns.append(cells)
        told += more
    table, more = tidied(pa.Table.from_arrays(columns, names=names))
    return RawTable(table, headers, (*notes, *changed, *first_few(told, "note", 20), *more))


def _column(name: str, cells: list[Any], rows: list[int]) -> tuple[Any, list[str]]:
    """Return a column typed, with notes: Excel's own numbers as they are, words by the rules of text."""
    cells = [None if isinstance(cell, str) and is_missing(cell) else cell for cell in cells]
    types = {type(cell) for cell in cells} - {type(None)}
    if types and types <= {int, float}:
        return pa.chunked_array([_typed(cells)]), []
    if types == {bool}:
        truths, missing = (
            np.array([cell is True for cell in cells], np.uint8),
            [cell is None for cell in cells],
        )
        return pa.chunked_array([numbers(truths, np.array(missing)).cast(pa.bool_())]), []
    guess = ColumnGuess(".")
    text = strings([None if cell is None else _as_text(cell) for cell in cells])
    guess.add(text)
    settled = guess.finish()
    told = column_notes(name, guess, lambda row: rows[row])
    return (pa.chunked_array([text]) if settled is None else settled), told


def _typed(cells: list[float | None]) -> Any:
    values = np.array([np.nan if cell is None else cell for cell in cells], np.float64)
    missing = np.isnan(values)
    whole = np.all(missing | ((values == np.floor(values)) & (np.abs(values) < 2**53)))
    typed = numbers(values, missing)
    return typed.cast(pa.int64()) if whole else typed


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return str(cell)
