"""From text cells to typed columns, batch by batch, so that a file need not fit into memory as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from shoal.storage.arrow_values import ONE, null
from shoal.storage.numerals import INTEGER, Decimal, parse_numerals
from shoal.storage.words import counted, shown

# Up to this share of cells that are no numbers, a column of numbers stays one, and they count as missing.
STRAY = 0.1
_PEEK = 64
_GAP = null(pa.float64())


@dataclass(slots=True)
class Findings:
    """Count what is worth telling about a column."""

    present: int = 0
    bad: int = 0
    first_bad: tuple[int, str] | None = None
    grouped: int = 0
    percent: int = 0
    endless: int = 0
    codes: bool = False
    large: bool = False


@dataclass(slots=True)
class ColumnGuess:
    """Take a column's cells batch by batch and settle what they are."""

    decimal: Decimal
    kind: Literal["integer", "number", "text"] = "integer"
    found: Findings = field(default_factory=Findings)
    _chunks: list[Any] = field(default_factory=list)
    _rows: int = 0
    _whole_text: bool = False

    def add(self, cells: Any) -> None:
        """Take the next cells: an array of strings with nulls where values are missing."""
        self.found.present += len(cells) - cells.null_count
        self._chunks.append(cells if self.kind == "text" else self._typed(cells))
        self._rows += len(cells)

    def finish(self) -> Any:
        """Return the typed column, or None when it is text and its first cells must be read again."""
        if self.kind != "text" and not self._is_numeric():
            self._become_text()
        if self.kind == "text":
            return pa.chunked_array(self._chunks, pa.string()) if self._whole_text else None
        kind = pa.int64() if self.kind == "integer" and self.found.present else pa.float64()
        # Unsafe, or a whole number over 2**53 among others with a point would be an error.
        column = pa.chunked_array([chunk.cast(kind, safe=False) for chunk in self._chunks], kind)
        self.found.large |= self.kind == "integer" and not _is_exact(column)
        return column

    def _typed(self, cells: Any) -> Any:
        if cells.null_count == len(cells):
            return pa.nulls(len(cells), pa.int64() if self.kind == "integer" else pa.float64())
        numbers = self._integers(cells)
        if numbers is None:
            numbers = self._floats(cells)
        return cells if numbers is None else numbers

    def _integers(self, cells: Any) -> Any:
        # A cast that fails costs far more than one that works: look at a few cells first.
        if self.kind != "integer" or not _all_match(cells.slice(0, _PEEK), INTEGER):
            return None
        if not self._without_zeros(cells):
            return None
        try:
            return cells.cast(pa.int64())
        except pa.ArrowInvalid:
            self.found.large |= _any(pc.match_substring_regex(cells, r"^[+-]?\d{16}"))
            return None

    def _without_zeros(self, cells: Any) -> bool:
        """Note codes such as `007`; False when a cell such as `0x1F` would be misread as a number."""
        leading = pc.and_(pc.starts_with(cells, "0"), pc.greater(pc.binary_length(cells), ONE))
        if not _any(leading):
            return True
        zeros = cells.filter(leading)
        self.found.codes |= _any(pc.match_substring_regex(zeros, INTEGER))
        return _all_match(zeros, INTEGER)

    def _floats(self, cells: Any) -> Any:
        self.kind = "number"
        numbers = self._plain_floats(cells)
        if numbers is None:
            numbers = self._spelt_floats(cells)
        return None if numbers is None else self._finite(numbers)

    def _plain_floats(self, cells: Any) -> Any:
        if self.decimal == ",":
            if _any(pc.match_substring(cells, ".")):
                return None
            cells = pc.replace_substring(cells, ",", ".")
        if not _all_match(cells.slice(0, _PEEK), r"^[+-]?\d*\.?\d*([eE][+-]?\d+)?$"):
            return None
        try:
            return cells.cast(pa.float64())
        except pa.ArrowInvalid:
            return None

    def _spelt_floats(self, cells: Any) -> Any:
        read, found = parse_numerals(cells, self.decimal), self.found
        bad = pc.sum(read.bad).as_py() or 0
        if bad * 2 > len(cells) - cells.null_count:
            self._become_text()
            return None
        if bad and found.first_bad is None:
            place = pc.indices_nonzero(read.bad)[0].as_py()
            found.first_bad = (self._rows + place, cells[place].as_py())
        found.bad += bad
        found.grouped += read.grouped
        found.percent += read.percent
        return read.values

    def _finite(self, numbers: Any) -> Any:
        endless = pc.is_inf(numbers)
        if found := pc.sum(endless).as_py() or 0:
            self.found.endless += found
            numbers = pc.if_else(endless, _GAP, numbers)
        unknown = pc.is_nan(numbers)
        return pc.if_else(unknown, _GAP, numbers) if _any(unknown) else numbers

    def _become_text(self) -> None:
        self.kind, self._whole_text = "text", self._rows == 0

    def _is_numeric(self) -> bool:
        found = self.found
        mixed = 0 < found.percent < found.present - found.bad
        return found.bad <= STRAY * found.present and not mixed


def column_notes(name: str, guess: ColumnGuess, line_of_row: Any) -> list[str]:
    """Return what a person should know about how a column was read.

    Args:
        name: the column's name.
        guess: the finished column.
        line_of_row: gives the line in the file for a row (from 0).
    """
    found = guess.found
    if guess.kind == "text":
        return _text_notes(name, found, line_of_row)
    notes = []
    if found.first_bad is not None:
        row, cell = found.first_bad
        where = f"row {line_of_row(row)} holds {shown(cell)!r}, which is no number"
        many = "It is" if found.bad == 1 else f"{counted(found.bad, 'such value')} are"
        notes.append(f"Column {name}: {where}. {many} taken as missing.")
    if found.codes:
        notes.append(f"Column {name}: numbers start with 0, like codes. It is left out unless you name it.")
    if found.large:
        notes.append(f"Column {name}: whole numbers over 2^53 are rounded.")
    if found.endless:
        notes.append(f"Column {name}: {counted(found.endless, 'infinite value')} taken as missing.")
    if found.percent:
        notes.append(f"Column {name}: percent signs are left out, 45% is read as 45.")
    if found.grouped:
        notes.append(f"Column {name}: marks between thousands are left out.")
    return notes


def _text_notes(name: str, found: Findings, line_of_row: Any) -> list[str]:
    if found.first_bad is not None and found.bad * 2 <= found.present:
        row, cell = found.first_bad
        where = f"row {line_of_row(row)} holds {shown(cell)!r}, which is no number"
        return [f"Column {name}: {where}, and {counted(found.bad, 'value')} like it; it is taken as text."]
    mixed = 0 < found.percent < found.present
    return [f"Column {name}: only some values have a percent sign; it is taken as text."] if mixed else []


def _is_exact(column: Any) -> bool:
    """Say whether float64 holds every whole number of a column exactly."""
    span = pc.min_max(column)
    least, most = span["min"].as_py(), span["max"].as_py()
    return least is None or max(abs(least), abs(most)) <= 2**53


def _all_match(cells: Any, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(cells, pattern)).as_py() in (True, None))


def _any(mask: Any) -> bool:
    return pc.any(mask).as_py() is True
