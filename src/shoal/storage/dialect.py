"""How a text file is written: its delimiter, its header, its decimal mark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from shoal.base.errors import InvalidInput
from shoal.storage.numerals import Decimal, decimal_mark, is_missing, is_numeral
from shoal.storage.options import ReadOptions
from shoal.storage.records import Record, raw_text, records
from shoal.storage.words import LONGEST_ROW, shown, sized

DELIMITERS = (",", ";", "\t", "|")
MARKS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}
LONGEST_LINE = 1 << 26
_SAMPLES = (1 << 18, 1 << 22, LONGEST_LINE)
_ROWS = 200
_SEP_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """Hold how a text file is written.

    `skip` counts the lines before the header, `header_line` is the line it starts on (from 1).
    """

    delimiter: str
    header: tuple[str, ...]
    skip: int
    header_line: int
    decimal: Decimal


@dataclass(frozen=True, slots=True)
class _Sample:
    lines: list[str]
    skip: int
    whole: bool


def dialect(file: BinaryIO, name: str, options: ReadOptions) -> Dialect:
    """Find out how a file of UTF-8 text is written; a delimiter in the options wins.

    Raises:
        InvalidInput: it has no header row, or only blank lines, or a quote in the header never closes.
    """
    for size in _SAMPLES:
        sample, announced = _sample(file, size)
        mark = options.delimiter or announced or _sniffed(sample)
        rows = _rows(sample, mark)
        if sample.whole or len(rows) > 1:
            break
    if not sample.whole and len(rows) < 2:
        raise too_long(1, name)
    if not rows:
        raise InvalidInput(
            f"{name}: This file has only blank lines.", hint="It needs a header row.", file=name
        )
    header, body = rows[0], rows[1:]
    _refuse_open_header(header, sample, mark, name)
    if has_no_header(header.values, [row.values for row in body]):
        raise _no_header(header, mark, name)
    decimal = decimal_mark([cell for row in body for cell in row.values], mark)
    line = header.line + sample.skip
    return Dialect(mark, tuple(header.values), line - 1, line, decimal)


def splits(text: str, mark: str) -> int:
    """Return how many values a line has with a delimiter."""
    return len(next(iter(records([text], mark)), Record(1, [])).values)


def other_mark(text: str, mark: str) -> str | None:
    """Return the delimiter, other than `mark`, that a line has most of."""
    counts = {other: splits(text, other) for other in DELIMITERS if other != mark}
    best = max(counts, key=lambda other: counts[other])
    return best if counts[best] > 1 else None


def _sample(file: BinaryIO, size: int) -> tuple[_Sample, str | None]:
    file.seek(0)
    raw = file.read(size)
    whole = len(raw) < size
    text = raw.decode("utf-8-sig", errors="ignore")
    # Excel's own hint, a first line `sep=;`, is no row.
    announced = _SEP_LINE.match(text)
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    lines = [line for line in lines if line]
    if not whole and len(lines) > 1:
        lines.pop()
    skip = 1 if announced else 0
    return _Sample(lines[skip:], skip, whole), announced and announced[1]


def _rows(sample: _Sample, mark: str) -> list[Record]:
    found: list[Record] = []
    for record in records(sample.lines, mark):
        found.append(record)
        if len(found) > _ROWS:
            break
    # A quote that is open at the end of a part of the file may close in the rest.
    return found if sample.whole or not found or not found[-1].unclosed else found[:-1]


def _sniffed(sample: _Sample) -> str:
    scores = {mark: _score(_rows(sample, mark)) for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: scores[mark])
    if scores[best][0] > 0:
        return best
    # One column: any mark that no row has will do, so that `39,1` in it stays one value.
    whole = [mark for mark in DELIMITERS if all(len(row.values) == 1 for row in _rows(sample, mark))]
    return whole[0] if whole else ","


def _score(rows: list[Record]) -> tuple[float, int]:
    """Return the share of rows as long as the header, and its length; nothing for one column."""
    width = len(rows[0].values) if rows else 0
    if width < 2:
        return 0.0, 0
    return sum(len(row.values) == width for row in rows) / len(rows), width


def has_no_header(header: list[str], body: list[list[str]]) -> bool:
    """Say whether the first row holds values, by what stands in it and below it."""
    there = [(place, cell) for place, cell in enumerate(header) if not is_missing(cell)]
    numbers = [cell for _, cell in there if is_numeral(cell)]
    if not numbers:
        return False
    if len(numbers) == len(there):
        return True
    # Among words a number may be a name (`2019`), but then no word stands again in its own column.
    words = [(place, cell) for place, cell in there if not is_numeral(cell)]
    return all(any(cell == row[place] for row in body if place < len(row)) for place, cell in words)


def _no_header(header: Record, mark: str, name: str) -> InvalidInput:
    text = shown(raw_text(header, mark), LONGEST_ROW)
    return InvalidInput(
        f"{name}: This file has no header row.",
        hint=f"The first line must name the columns. It is:\n{header.line} | {text}",
        file=name,
        row=header.line,
        text=text,
    )


def _refuse_open_header(header: Record, sample: _Sample, mark: str, name: str) -> None:
    if header.unclosed:
        raise unclosed(header, mark, name, sample.skip)


def too_long(row: int, name: str) -> InvalidInput:
    """Return the error for a row that is longer than any row should be."""
    return InvalidInput(
        f"{name}, row {row}: this row is longer than {sized(LONGEST_LINE)}.",
        hint="Perhaps a quote is opened and never closed, or the file is no table.",
        file=name,
        row=row,
    )


def unclosed(record: Record, mark: str, name: str, skip: int = 0) -> InvalidInput:
    """Return the error for a quote that never closes."""
    line, text = record.line + skip, shown(raw_text(record, mark), LONGEST_ROW)
    return InvalidInput(
        f'{name}, row {line}: a quote (") is opened and never closed.',
        hint=f"{line} | {text}\nClose it, or double a quote that belongs to the value.",
        file=name,
        row=line,
        text=text,
    )
