"""A text file made ready for reading: UTF-8, expanded, without NUL bytes, its lines counted."""

from __future__ import annotations

import codecs
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO, Literal

from shoal.base.errors import InvalidInput
from shoal.storage.detection import HEAD, detect, unsupported
from shoal.storage.expansion import chunks, expanded, recoded
from shoal.storage.options import ReadOptions

Encoding = Literal["utf-8", "utf-16", "cp1252"]
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Bytes that no text has: control characters but tab, line feed, form feed, carriage return, escape.
_STRAY_CONTROLS = 8
_CONTROLS = bytes(set(range(1, 32)) - {9, 10, 12, 13, 27})


@dataclass(frozen=True, slots=True)
class Text:
    """Hold a seekable file of UTF-8 text (perhaps with a byte order mark) and what was found in it.

    `longest` is the length of its longest line where that is over 1 MiB, and less otherwise.
    """

    file: BinaryIO
    size: int
    lines: int
    longest: int
    quotes: int
    encoding: Encoding
    compressed: bool


@dataclass(slots=True)
class _Scan:
    utf8: bool = True
    size: int = 0
    feeds: int = 0
    returns: int = 0
    quotes: int = 0
    longest: int = 0
    pending: int = 0
    nul: int | None = None
    last: bytes = b"\n"

    @property
    def lines(self) -> int:
        ends = self.feeds or self.returns
        return ends if self.last in b"\r\n" else ends + 1

    def measure(self, chunk: bytes) -> None:
        """Follow a line over the ends of chunks; one within a chunk is short enough."""
        first = chunk.find(b"\n")
        self.longest = max(self.longest, self.pending + (first if first >= 0 else len(chunk)))
        self.pending = len(chunk) - chunk.rfind(b"\n") - 1 if first >= 0 else self.pending + len(chunk)


def prepare(file: BinaryIO, compressed: bool, name: str, options: ReadOptions, stack: ExitStack) -> Text:
    """Return the text of an open file; temporary copies are closed with the stack.

    Raises:
        InvalidInput, TooLarge, UnsupportedMedia: it is no text, is damaged, or is too large.
    """
    if compressed:
        file = stack.enter_context(expanded(file, name, options))
    head = _head(file)
    if compressed and detect(head, name) != "text":
        raise unsupported(name, "not a compressed CSV file", hint="Expand it first.")
    encoding: Encoding = "utf-16" if head.startswith(_MARKS) else "utf-8"
    scan = _scanned(file) if encoding == "utf-8" else None
    if scan is None or not scan.utf8:
        encoding = "utf-16" if scan is None else "cp1252"
        if scan is not None:
            _refuse_binary(scan, head, name)
        file = stack.enter_context(recoded(file, encoding, name, options))
        scan = _scanned(file)
    _refuse_binary(scan, _head(file), name)
    return Text(file, scan.size, scan.lines, scan.longest, scan.quotes, encoding, compressed)


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(HEAD)


def _scanned(file: BinaryIO) -> _Scan:
    scan, decoder = _Scan(), codecs.getincrementaldecoder("utf-8")()
    pending = False
    for chunk in chunks(file):
        if scan.nul is None and (place := chunk.find(b"\0")) >= 0:
            scan.nul = scan.feeds + chunk.count(b"\n", 0, place) + 1
        if scan.utf8 and (pending or not chunk.isascii()):
            pending, scan.utf8 = _continues(decoder, chunk)
        scan.size += len(chunk)
        scan.feeds += chunk.count(b"\n")
        scan.returns += chunk.count(b"\r")
        scan.measure(chunk)
        scan.quotes += chunk.count(b'"')
        scan.last = chunk[-1:]
    scan.utf8 = scan.utf8 and not pending
    return scan


def _continues(decoder: codecs.IncrementalDecoder, chunk: bytes) -> tuple[bool, bool]:
    """Return whether a letter is cut at the chunk's end, and whether all before it is UTF-8."""
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False, False
    return bool(decoder.getstate()[0]), True


def _refuse_binary(scan: _Scan, head: bytes, name: str) -> None:
    if scan.nul is not None:
        raise InvalidInput(
            f"{name}, row {scan.nul}: a NUL byte, which no text file has.",
            hint="The file is damaged or not a text file. If it is UTF-16, save it as UTF-8.",
            file=name,
            row=scan.nul,
        )
    if len(head) - len(head.translate(None, _CONTROLS)) > max(_STRAY_CONTROLS, len(head) // 50):
        raise unsupported(name, "a binary file")
