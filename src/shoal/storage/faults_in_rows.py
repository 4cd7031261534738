"""Where a text file is not a table: the first row that is too short, too long, or never ends."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from shoal.base.errors import InvalidInput
from shoal.storage.dialect import LONGEST_LINE, Dialect, other_mark, too_long, unclosed
from shoal.storage.records import Record, file_records, raw_text
from shoal.storage.words import LONGEST_ROW, counted, shown


def first_fault(file: BinaryIO, written: Dialect, name: str) -> InvalidInput | None:
    """Return the error for the first row at fault, naming its line, its text and what to do."""
    width = len(written.header)
    for record in _rows(file, written):
        if record.unclosed:
            return unclosed(record, written.delimiter, name)
        if len(record.values) != width:
            return _ragged(record, width, written, name)
        if sum(map(len, record.values)) > LONGEST_LINE:
            return too_long(record.line, name)
    return None


def line_of(file: BinaryIO, written: Dialect, row: int) -> int | None:
    """Return the line of the file on which a row (from 0) starts, or None when there are fewer rows."""
    record = next(islice(_rows(file, written), row, None), None)
    return None if record is None else record.line


def _rows(file: BinaryIO, written: Dialect) -> Iterator[Record]:
    return islice(file_records(file, written.delimiter, written.skip), 1, None)


def _ragged(record: Record, width: int, written: Dialect, name: str) -> InvalidInput:
    found, text = len(record.values), raw_text(record, written.delimiter)
    other = other_mark(text, written.delimiter)
    mark = {"\t": "tab"}.get(other or "", f"'{other}'")
    advice = (
        f"If the values are separated by {mark} add: --delimiter {mark}"
        if other
        else "Check the separator, and that a value which holds it is in quotes."
    )
    return InvalidInput(
        f"{name}, row {record.line}: {counted(found, 'value')}, the header has {width:,}.",
        hint=f"{record.line} | {shown(text, LONGEST_ROW)}\n{advice}",
        code="ragged_row",
        file=name,
        row=record.line,
        text=shown(text, LONGEST_ROW),
        values=found,
        expected=width,
    )
