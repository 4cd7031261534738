"""Lines of a log that hold a text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
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
    rest = b""
    for content in _contents(folder, key, stream):
        *whole, rest = (rest + content).split(b"\n")
        yield from (line[:LONGEST] + b"\n" for line in whole)
        rest = rest[:LONGEST]
    if rest:
        yield rest + b"\n"


def _contents(folder: Path, key: str, stream: str | None) -> Iterator[bytes]:
    """Yield what a stream wrote, or all did, piece by piece."""
    with suppress(FileNotFoundError), (folder / key).open("rb") as file:
        if stream is None:
            yield from iter(partial(file.read, PIECE), b"")
            return
        for stretch in logs.pieces(folder, key):
            if stretch.stream == stream:
                file.seek(stretch.offset)
                for at in range(0, stretch.length, PIECE):
                    yield file.read(min(PIECE, stretch.length - at))
