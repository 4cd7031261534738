"""Lines of a log that hold a text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from shoal.jobs import logs

PIECE = 1 << 20
LONGEST = 64 << 10  # bytes of a line that are searched and shown


def found_lines(folder: Path, key: str | None, stream: str | None, text: str, most: int) -> list[bytes]:
    """Return the lines that hold a text, in whatever case, up to so many bytes; `stream` None means all."""
    found, size = list[bytes](), 0
    wanted = text.casefold()
    for line in _lines(folder, key, stream) if key is not None else ():
        if wanted in line.decode("utf-8", "replace").casefold():
            size += len(line)
            if size > most:
                break
            found.append(line)
    return found


def _lines(folder: Path, key: str, stream: str | None) -> Iterator[bytes]:
    rest, offset = b"", 0
    while content := _read(folder, key, stream, offset).content:
        offset += len(content)
        *whole, rest = (rest + content).split(b"\n")
        yield from (line[:LONGEST] + b"\n" for line in whole)
        rest = rest[:LONGEST]
    if rest:
        yield rest + b"\n"


def _read(folder: Path, key: str, stream: str | None, offset: int) -> logs.Piece:
    if stream is None:
        return logs.read(folder, key, offset, PIECE)
    return logs.read_stream(folder, key, stream, offset, PIECE)
