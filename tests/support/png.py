"""Reading pictures: enough of PNG (ISO/IEC 15948) for those that are drawn here."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

CHANNELS = {2: 3, 6: 4}


def pixels(png: bytes) -> NDArray[np.uint8]:
    """Return a picture (height, width, channels) of 8 bits a channel that is not interlaced."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n"), png[:80]
    head, packed = b"", b""
    at = 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        part = png[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + part) == struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0]
        head, packed = (part if kind == b"IHDR" else head), packed + (part if kind == b"IDAT" else b"")
        at += 12 + size
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    assert (depth, interlaced) == (8, 0)
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, -1)
    return _unfiltered(lines[:, 0], lines[:, 1:].reshape(height, width, CHANNELS[colours]))


def colours(png: bytes) -> int:
    """Return how many different colours a picture has."""
    return len(np.unique(pixels(png).reshape(-1, pixels(png).shape[2]), axis=0))


def _unfiltered(filters: NDArray[np.uint8], lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    found = np.zeros_like(lines)
    above = np.zeros_like(lines[0])
    for place, (kind, line) in enumerate(zip(filters, lines, strict=True)):
        above = found[place] = _line(int(kind), line, above)
    return found


def _line(kind: int, line: NDArray[np.uint8], above: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if kind == 0:
        return line
    if kind == 1:
        return np.cumsum(line, axis=0, dtype=np.uint8)
    if kind == 2:
        return line + above
    found = [[0] * line.shape[1]]
    corner = found[0]
    for given, over in zip(line.tolist(), above.tolist(), strict=True):
        guess = _average if kind == 3 else _paeth
        found.append(
            [(one + guess(*near)) % 256 for one, *near in zip(given, found[-1], over, corner, strict=True)]
        )
        corner = over
    return np.array(found[1:], np.uint8)


def _average(left: int, over: int, _: int) -> int:
    return (left + over) // 2


def _paeth(left: int, over: int, corner: int) -> int:
    guess = left + over - corner
    return min((left, over, corner), key=lambda near: abs(guess - near))
