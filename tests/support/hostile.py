"""Files that people really have, or send to do harm: each is read well with a note, or refused in a sentence.

`CASES` holds each file's name, how to make its bytes, what must come of reading it, and a phrase that the
error (message and hint) or the notes hold. `study` is what must come of a whole study of it: `error` when
there is nothing to group though the file can be read, None when it depends on the machine's memory.
"""

from __future__ import annotations

import gzip
import io
import random
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as parquet

Outcome = Literal["ok", "error"]


@dataclass(frozen=True, slots=True)
class Case:
    """Hold a file and what must come of it; `limit` is a limit of expanded bytes to read it with."""

    file: str
    make: Callable[[], bytes]
    expected: Outcome
    phrase: str = ""
    study: Outcome | None = "ok"
    limit: int | None = None

    @property
    def content(self) -> bytes:
        """Make the file's bytes."""
        return self.make()


def rows(number: int = 60, *, sep: str = ",", header: str = "a,b", decimal: str = ".") -> str:
    """Return a small table of two groups that can be told apart."""
    draw = random.Random(7)
    lines = [header.replace(",", sep)]
    for place in range(number):
        centre = 10 if place % 2 else 0
        cells = [f"{centre + draw.gauss(0, 1):.3f}".replace(".", decimal) for _ in header.split(",")]
        lines.append(sep.join(cells))
    return "\n".join(lines) + "\n"


def _good(content: str | bytes, phrase: str = "", file: str = "data.csv", study: Outcome = "ok") -> Case:
    raw = content.encode() if isinstance(content, str) else content
    return Case(file, lambda: raw, "ok", phrase, study)


def _bad(content: str | bytes, phrase: str, file: str = "data.csv", limit: int | None = None) -> Case:
    raw = content.encode() if isinstance(content, str) else content
    return Case(file, lambda: raw, "error", phrase, "error", limit)


def _made(
    make: Callable[[], bytes], expected: Outcome, phrase: str, file: str, limit: int | None = None
) -> Case:
    return Case(file, make, expected, phrase, expected, limit)


def with_line(line: str, at: int = 41, base: str | None = None) -> str:
    """Return the small table with one line put in: `at` counts from 1."""
    lines = (base or rows()).splitlines()
    lines[at - 1 : at - 1] = [line]
    return "\n".join(lines) + "\n"


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _sqlite() -> bytes:
    database = sqlite3.connect(":memory:")
    try:
        database.execute("CREATE TABLE t (a)")
        return database.serialize()
    finally:
        database.close()


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


def _bomb() -> bytes:
    return gzip.compress(b"a,b\n" + b"0,0\n" * 5_000_000, 9)


def as_parquet(table: Any) -> bytes:
    """Return a table as a Parquet file."""
    out = io.BytesIO()
    parquet.write_table(table, out)
    return out.getvalue()


def _numbers() -> dict[str, list[Any]]:
    draw = random.Random(3)
    return {name: [draw.gauss(10 * (row % 2), 1) for row in range(60)] for name in "ab"}


def _rich_parquet() -> bytes:
    columns: dict[str, Any] = dict(_numbers())
    columns["list"] = [[row] for row in range(60)]
    columns["record"] = [{"x": row} for row in range(60)]
    columns["price"] = pa.array([Decimal(row) / 4 for row in range(60)], pa.decimal128(10, 2))
    columns["when"] = pa.array(range(60), pa.timestamp("us", "UTC"))
    columns["word"] = pa.array(["x", "y"] * 30).dictionary_encode()
    columns["bytes"] = [b"\0\xff"] * 60
    columns["half"] = pa.array(range(60), pa.float32()).cast(pa.float16())
    return as_parquet(pa.table(columns))


def _endless_parquet() -> bytes:
    columns = _numbers()
    columns["a"][3], columns["b"][4] = float("inf"), float("nan")
    return as_parquet(pa.table(columns))


def _wide_parquet() -> bytes:
    return as_parquet(pa.table({"a": pa.array([1.0] * 100_000), "b": pa.array([2.0] * 100_000)}))


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    """Return an xlsx workbook."""
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for place, (title, content) in enumerate(sheets.items()):
        sheet = book.active if place == 0 else book.create_sheet()
        sheet.title = title
        for row in content:
            sheet.append(row)
    book.save(out)
    return out.getvalue()


def _sheet_rows() -> list[list[Any]]:
    columns = _numbers()
    return [["a", "b"], *([a, b] for a, b in zip(columns["a"], columns["b"], strict=True))]


def _far_cell() -> bytes:
    parts = zipfile.ZipFile(io.BytesIO(workbook({"one": _sheet_rows()})))
    content = {name: parts.read(name) for name in parts.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    content[sheet] = content[sheet].replace(b"</sheetData>", far)
    return _zipped(content)


def _wide(columns: int) -> bytes:
    draw = random.Random(5)
    lines = [",".join(f"c{place}" for place in range(columns))]
    for row in range(4):
        lines.append(",".join(f"{draw.gauss(row % 2, 1):.2f}" for _ in range(columns)))
    return ("\n".join(lines) + "\n").encode()


def _whole(start: str) -> str:
    return "big,b\n" + "".join(f"{start}{row},{row % 3}\n" for row in range(10, 50))


def _without_rows() -> bytes:
    return as_parquet(pa.table({"a": pa.array([], pa.float64())}))


def _two_sheets() -> bytes:
    return workbook({"one": _sheet_rows(), "two": [["x"], [1]]})


def _broken_parquet() -> bytes:
    return b"PAR1" + b"\xff" * 900 + as_parquet(pa.table(_numbers()))[904:]


def _twice_compressed() -> bytes:
    return gzip.compress(gzip.compress(b"a,b\n1,2\n"))


NO_HEADER = "This file has no header row"
_OPEN = with_line('1,"2')
_CUT = gzip.compress(rows(500).encode())[:-200]
_BROKEN = bytearray(gzip.compress(rows(500).encode()))
_BROKEN[60:70] = b"0123456789"

CASES: dict[str, Case] = {
    # Nothing, or not enough
    "empty file": _bad("", "is empty"),
    "only blank lines": _bad("\n\n\n", "only blank lines"),
    "only a header": _bad("a,b\n", "a header and no rows"),
    "only a byte order mark": _bad(b"\xef\xbb\xbf", "only blank lines"),
    "one row": _good("a,b\n1,2\n", study="error"),
    "one column": _good(rows(header="a")),
    "only text": _good("name,city\nana,rome\nben,oslo\n", study="error"),
    "every value missing": _good("a,b\n" + "NA,?\n" * 30, study="error"),
    "three rows": _good("a,b\n1,2\n3,4.5\n9,1\n"),
    # Headers
    "no header row": _bad(rows().partition("\n")[2], NO_HEADER),
    "no header row among words": _bad("ana,39.1\n" * 9, NO_HEADER),
    "years as names": _good(rows(header="2019,total")),
    "two columns share a name": _good(rows(header="a,a,b"), "The second is called a_2 here."),
    "a name is missing": _good(rows(header="a,,b"), "Column 2 has no name. It is called column_2 here."),
    "spaces around names": _good(rows(header="a, b ")),
    "HTML in a name": _good(rows(header="<img src=x onerror=alert(1)>,b")),
    "60 letters in a name": _good(rows(header=f"{'x' * 60},b")),
    "dots and brackets in names": _good(rows(header="a.b[0],$c{d}")),
    "Arabic names": _good(rows(header="الطول,العرض")),
    "line end in a name": _good(rows(header='"a\nb",c')),
    "a formula as a name": _good(rows(header="=1+1,b")),
    # Rows
    "short row": _bad(with_line("1"), "row 41: 1 value, the header has 2"),
    "long row": _bad(with_line("1,2,3"), "row 41: 3 values, the header has 2"),
    "another separator in a row": _bad(with_line("1;2"), "add: --delimiter ';'"),
    "cut off in a row": _bad(rows(header="a,b,c")[:-9] + "\n5", "the header has 3"),
    "quote never closed": _bad(_OPEN, 'row 41: a quote (") is opened and never closed'),
    "quote never closed in the header": _bad('"a,b\n1,2\n3,4\n', "never closed"),
    "line ends within quotes": _good(with_line('1,"2\n"')),
    "CRLF line ends": _good(rows().replace("\n", "\r\n")),
    "CR line ends": _good(rows().replace("\n", "\r")),
    "no line end at the end": _good(rows()[:-1]),
    "blank lines between rows": _good(rows().replace("\n", "\n\n"), "blank lines left out"),
    "10 MB in one cell": _good(with_line(f"1,{'x' * 10_000_000}"), "row 41 holds 'xxx"),
    "10,000 columns": Case("wide.csv", lambda: _wide(10_000), "ok", study=None),
    "60,000 columns": Case("wide.csv", lambda: _wide(60_000), "error", "the limit is 50,000", "error"),
    # Values
    "text among numbers": _good(with_line("1,broken"), "row 41 holds 'broken', which is no number"),
    "infinite values": _good(with_line("inf,-Infinity"), "infinite value"),
    "thousands marks": _good("a;b\n" + "1,234.5;7\n2,500.25;8\n900.0;9\n" * 9, "marks between thousands"),
    "percent signs": _good("a,b\n" + "45%,1\n5 %,2\n7.5%,9\n" * 9, "percent signs are left out"),
    "decimal commas": _good(rows(sep=";", decimal=","), "decimal comma"),
    "whole numbers over 2^53": _good(_whole(str(2**60)[:-2]), "over 2^53 are rounded"),
    "whole numbers of 30 digits": _good(_whole("1" * 28), "over 2^53 are rounded"),
    "huge numbers": _good("a,b\n" + "".join(f"{row}e300,{row}\n" for row in range(1, 40)), study="error"),
    "constant column": _good("a,site\n" + "".join(f"{row},3\n" for row in range(40))),
    "formulas": _good("a,b,f\n" + "1,2,=cmd|' /C calc'!A0\n3,4.5,@SUM(A1)\n9,1,+x\n"),
    # Encodings and separators
    "byte order mark": _good(b"\xef\xbb\xbf" + rows().encode()),
    "UTF-16": _good(rows().encode("utf-16"), "read as UTF-16"),
    "Latin 1": _good(rows(header="größe,b").encode("latin-1"), "read as Windows-1252"),
    "UTF-16 without a mark": _bad(rows().encode("utf-16-le"), "NUL byte"),
    "UTF-16 cut in a letter": _bad(rows().encode("utf-16")[:-1], "no text that can be read"),
    "NUL bytes": _bad(with_line("1\0,2"), "row 41: a NUL byte"),
    "tabs": _good(rows(sep="\t"), "separated by tab", "data.tsv"),
    "pipes": _good(rows(sep="|"), "separated by pipe"),
    "Excel's sep line": _good("sep=;\n" + rows(sep=";")),
    "spaces as separators": _good(rows(sep=" "), "--delimiter space", study="error"),
    # Other kinds of files
    "PNG": _made(_png, "error", "a PNG picture", "data.csv"),
    "SQLite": _made(_sqlite, "error", "an SQLite database", "data.csv"),
    "zip": _made(lambda: _zipped({"data.csv": rows().encode()}), "error", "a zip archive", "data.csv"),
    "JSON": _bad('{"a": [1, 2]}', "This is JSON"),
    "web page": _bad("<!DOCTYPE html><html><body>a,b</body></html>", "a web page"),
    "random bytes": _made(lambda: b"\x01" + random.Random(1).randbytes(5000), "error", "", "data.csv"),
    "control characters": _bad(b"\x01\x02\x03\x04" * 500, "a binary file"),
    # gzip
    "gzip": _made(lambda: gzip.compress(rows().encode()), "ok", "", "data.csv.gz"),
    "gzip cut off": _bad(bytes(_CUT), "is cut off", "data.csv.gz"),
    "gzip damaged": _bad(bytes(_BROKEN), "is damaged", "data.csv.gz"),
    "gzip bomb": _made(_bomb, "error", "expands to more than the limit", "bomb.csv.gz", 1 << 20),
    "gzip in gzip": _made(_twice_compressed, "error", "Expand it", "d.csv.gz"),
    "gzip of nothing": _made(lambda: gzip.compress(b""), "error", "is empty", "data.csv.gz"),
    "text over the limit": _bad(rows(500), "the limit here is", limit=1000),
    # Parquet
    "rich Parquet": _made(_rich_parquet, "ok", "lists or records", "data.parquet"),
    "endless Parquet": _made(_endless_parquet, "ok", "1 infinite value taken as missing", "data.parquet"),
    "Parquet cut off": _made(lambda: _rich_parquet()[:-40], "error", "damaged", "data.parquet"),
    "Parquet with a broken middle": _made(_broken_parquet, "error", "damaged", "d.parquet"),
    "Parquet without rows": _made(_without_rows, "error", "no rows", "d.parquet"),
    "Parquet bomb": _made(_wide_parquet, "error", "expands to more", "bomb.parquet", 1 << 20),
    # Excel
    "two sheets": _made(_two_sheets, "ok", "Only the first sheet, one,", "d.xlsx"),
    "a cell far away": _made(_far_cell, "error", "spans 1,048,576 rows", "far.xlsx"),
    "Excel cut off": _made(lambda: workbook({"one": _sheet_rows()})[:-100], "error", "damaged", "d.xlsx"),
    "sheet without cells": _made(lambda: workbook({"one": []}), "error", "no cells", "d.xlsx"),
    "sheet without header": _made(lambda: workbook({"one": _sheet_rows()[1:]}), "error", NO_HEADER, "d.xlsx"),
    "old Excel": _bad(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old Excel", "d.xls"),
}
