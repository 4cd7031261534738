"""Reading a table from a file, whatever its format: a whole result, or one plain sentence."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from shoal.base.errors import InvalidInput
from shoal.storage.columns import Column, describe
from shoal.storage.delimited import Layout, RawTable, read_delimited
from shoal.storage.detection import HEAD, Format, detect
from shoal.storage.dialect import dialect
from shoal.storage.expansion import too_large
from shoal.storage.headers import column_names
from shoal.storage.options import ReadOptions
from shoal.storage.sources import file_name, open_source
from shoal.storage.texts import Encoding, prepare


@dataclass(frozen=True, slots=True)
class Origin:
    """Hold how a table was read, so that its text can be read again exactly. JSON-able."""

    format: Format | None
    encoding: Encoding = "utf-8"
    compressed: bool = False
    layout: Layout | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the origin as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Origin:
        """Read what `as_json` returned."""
        layout = content["layout"] and Layout(**content["layout"])
        return cls(content["format"], content["encoding"], content["compressed"], layout)


@dataclass(frozen=True, slots=True)
class TableRead:
    """Hold a table (a `pyarrow.Table` with every column in the file's order), its columns, and notes."""

    table: Any
    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    origin: Origin


def read_table(path: Path, name: str | None = None, options: ReadOptions | None = None) -> TableRead:
    """Read CSV, TSV, gzip of these, Parquet or xlsx, told apart by content.

    Args:
        path: the file.
        name: how messages call it; by default the last part of the path.
        options: see `ReadOptions`.

    Raises:
        InvalidInput: the file is not there, is damaged, or is no table; the message names file and row,
            the hint says what to do.
        TooLarge: it is over the limit, or expands to more.
        UnsupportedMedia: it is another kind of file.
        MissingExtra: it is xlsx, and the extra is not installed.
        StorageFull: there is no room for a temporary copy.
    """
    named = file_name(path) if name is None else name
    with ExitStack() as stack:
        file = stack.enter_context(open_source(path, named))
        return read_open_table(file, named, options or ReadOptions(), stack)


def read_open_table(file: BinaryIO, name: str, options: ReadOptions, stack: ExitStack) -> TableRead:
    """Read a table from an open file that can be sought; see `read_table`."""
    file.seek(0)
    head = file.read(HEAD)
    found = detect(head, name)
    if (size := file.seek(0, 2)) > options.max_expanded_bytes:
        raise too_large(name, size, options.max_expanded_bytes)
    if found in ("text", "gzip"):
        return _read_text(file, found, name, options, stack)
    raw = _read_parquet(file, name, options) if found == "parquet" else _read_xlsx(file, name, options)
    return _told(raw, Origin(found))


def table_as_read(table: Any, headers: Sequence[str] | None = None) -> TableRead:
    """Return a `pyarrow.Table` from memory as if it were read from a file."""
    from shoal.storage.tidying import tidied

    names, notes = column_names(list(headers or table.column_names))
    tidy, more = tidied(table.rename_columns(names))
    raw = RawTable(tidy, tuple(headers or table.column_names), (*notes, *more))
    if not raw.table.num_rows or not raw.table.num_columns:
        raise InvalidInput("This table has no rows.", hint="Give at least one row and one column.")
    return _told(raw, Origin(None))


def _read_text(file: BinaryIO, found: Format, name: str, options: ReadOptions, stack: ExitStack) -> TableRead:
    text = prepare(file, found == "gzip", name, options, stack)
    raw = read_delimited(text, dialect(text.file, name, options), name)
    return _told(raw, Origin("text", text.encoding, text.compressed, raw.layout))


def _read_parquet(file: BinaryIO, name: str, options: ReadOptions) -> RawTable:
    from shoal.storage.parquet import read_parquet

    return read_parquet(file, name, options)


def _read_xlsx(file: BinaryIO, name: str, options: ReadOptions) -> RawTable:
    from shoal.storage.xlsx import read_xlsx

    return read_xlsx(file, name, options)


def _told(raw: RawTable, origin: Origin) -> TableRead:
    return TableRead(raw.table, describe(raw.table, raw.headers, raw.codes), raw.notes, origin)
