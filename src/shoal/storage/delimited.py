"""Reading of delimited text with Arrow, in batches: typed columns, or the place of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as arrow_csv

from shoal.base.errors import InvalidInput, TooLarge
from shoal.storage.dialect import LONGEST_LINE, MARKS, Dialect, too_long
from shoal.storage.faults_in_rows import first_fault, line_of
from shoal.storage.headers import column_names
from shoal.storage.inference import ColumnGuess, column_notes
from shoal.storage.numerals import MISSING_SPELT
from shoal.storage.texts import Text
from shoal.storage.words import counted, first_few

BLOCK = 1 << 20
_BYTES_A_COLUMN = 1 << 12
MOST_COLUMNS = 50_000


@dataclass(frozen=True, slots=True)
class RawTable:
    """Hold typed columns under their names, the headers as they stand in the file, and notes.

    `codes` are the names of columns whose numbers start with 0.
    """

    table: Any
    headers: tuple[str, ...]
    notes: tuple[str, ...]
    codes: tuple[str, ...] = ()
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Hold what Arrow must know to read a text again: JSON-able.

    `skip` counts lines before the header, `block` is how many bytes are read at a time, `multiline` says
    that quoted values may hold line ends.
    """

    delimiter: str
    width: int
    skip: int
    block: int
    multiline: bool


def read_delimited(text: Text, written: Dialect, name: str) -> RawTable:
    """Read a text file whose way of writing is known.

    Raises:
        InvalidInput: a row has too few or too many values, a quote never closes, or there are no rows.
        TooLarge: it has more columns than any table should.
    """
    if len(written.header) > MOST_COLUMNS:
        raise TooLarge(
            f"{name}: {len(written.header):,} columns; the limit is {MOST_COLUMNS:,}.",
            hint="Use fewer columns.",
            file=name,
        )
    return _Reading(text, written, name).run()


def text_batches(
    file: BinaryIO, layout: Layout, *, nulls: bool, only: Sequence[int] | None = None
) -> Iterator[Any]:
    """Yield record batches of strings, columns named by their place from 0; `only` chooses places.

    With `nulls`, cells that stand for a missing value are null. Raises `pyarrow.ArrowInvalid`.
    """
    names = [str(place) for place in range(layout.width)]
    file.seek(0)
    # Arrow closes what it reads from; the caller's file stays open.
    with pa.PythonFile(_Unclosable(file), "r") as source:
        yield from arrow_csv.open_csv(
            source,
            arrow_csv.ReadOptions(
                block_size=layout.block, skip_rows=layout.skip, column_names=names, skip_rows_after_names=1
            ),
            arrow_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=layout.multiline),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=None if only is None else [str(place) for place in only],
                null_values=list(MISSING_SPELT) if nulls else [],
                strings_can_be_null=nulls,
            ),
        )


class _Unclosable:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def close(self) -> None:
        self.closed = True


class _Reading:
    def __init__(self, text: Text, written: Dialect, name: str) -> None:
        self.text, self.written, self.name = text, written, name
        self.rows = 0
        width, multiline = len(written.header), text.quotes > 0
        # Arrow splits blocks at rows, so a row must fit into one; wide tables need large ones to be quick.
        block = min(max(BLOCK, _BYTES_A_COLUMN * width, 2 * text.longest), 2 * LONGEST_LINE)
        self.layout = Layout(written.delimiter, width, written.skip, block, multiline)

    def run(self) -> RawTable:
        names, notes = column_names(self.written.header)
        try:
            guesses = self._guess()
            self._refuse_faults()
            columns = [guess.finish() for guess in guesses]
            self._read_again(columns)
        except pa.ArrowInvalid as error:
            raise self._explained(error) from error
        told = [column_notes(name, guess, self._line) for name, guess in zip(names, guesses, strict=True)]
        return RawTable(
            pa.Table.from_arrays(columns, names=names),
            self.written.header,
            (*notes, *self._notes(), *first_few([note for some in told for note in some], "note", 20)),
            tuple(name for name, guess in zip(names, guesses, strict=True) if guess.found.codes),
            self.layout,
        )

    def _guess(self) -> list[ColumnGuess]:
        try:
            return self._guess_in_blocks()
        except pa.ArrowInvalid as error:
            # A quoted value with line ends may be longer than any line.
            if not self.layout.multiline or "block" not in str(error):
                raise
        self.layout = replace(self.layout, block=2 * LONGEST_LINE)
        return self._guess_in_blocks()

    def _guess_in_blocks(self) -> list[ColumnGuess]:
        guesses = [ColumnGuess(self.written.decimal) for _ in self.written.header]
        self.rows = 0
        for batch in text_batches(self.text.file, self.layout, nulls=True):
            for guess, cells in zip(guesses, batch.columns, strict=True):
                guess.add(cells)
            self.rows += batch.num_rows
        return guesses

    def _read_again(self, columns: list[Any]) -> None:
        """Read columns that turned out to be text once more, as text from their first row."""
        late = [place for place, column in enumerate(columns) if column is None]
        if late:
            batches = text_batches(self.text.file, self.layout, nulls=True, only=late)
            again = pa.Table.from_batches(batches)
            for place, column in zip(late, again.columns, strict=True):
                columns[place] = column

    def _refuse_faults(self) -> None:
        if not self.rows:
            raise self._without_rows()
        # A quote that never closes swallows rows without an error when it is in the last column.
        doubtful = self.text.quotes % 2 or (self.text.quotes and self.rows != self._plain_rows)
        if doubtful and (fault := first_fault(self.text.file, self.written, self.name)):
            raise fault

    def _explained(self, error: pa.ArrowInvalid) -> InvalidInput:
        if fault := first_fault(self.text.file, self.written, self.name):
            return fault
        # Arrow says of a header alone, in quotes and without a line end, that it is too long.
        if line_of(self.text.file, self.written, 0) is None:
            return self._without_rows()
        if "block" in str(error):
            return too_long(self._line(self.rows), self.name)
        return InvalidInput(f"{self.name}: This file cannot be read as a table ({error}).", file=self.name)

    def _without_rows(self) -> InvalidInput:
        fact = f"{self.name}: This file has a header and no rows."
        return InvalidInput(fact, hint="Add rows below it.", file=self.name)

    @property
    def _plain_rows(self) -> int:
        return self.text.lines - self.written.header_line

    @cached_property
    def _is_plain(self) -> bool:
        return self.rows == self._plain_rows

    def _line(self, row: int) -> int:
        if self._is_plain:
            return row + self.written.header_line + 1
        return line_of(self.text.file, self.written, row) or self.written.header_line

    def _notes(self) -> Iterator[str]:
        if self.text.encoding != "utf-8":
            known = {"cp1252": "Windows-1252 (Latin 1)", "utf-16": "UTF-16"}[self.text.encoding]
            yield f"The file is not UTF-8; it is read as {known}."
        if self.written.decimal == ",":
            yield "Numbers are read with a decimal comma."
        if self.written.delimiter != ",":
            mark = MARKS.get(self.written.delimiter, repr(self.written.delimiter))
            yield f"Values are separated by {mark}."
        if len(self.written.header) == 1:
            yield from _one_column(self.written)
        if not self._is_plain and not self.text.quotes and (blank := self._plain_rows - self.rows) > 0:
            yield f"{counted(blank, 'blank line')} left out."


def _one_column(written: Dialect) -> Iterator[str]:
    header = written.header[0].strip()
    for mark in (",", ";", "\t", "|", " "):
        if mark in header:
            yield f"There is one column. If {MARKS[mark]} separates values, add: --delimiter {MARKS[mark]}"
            return
