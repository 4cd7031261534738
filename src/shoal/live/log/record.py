"""One record of a log: rows that came together, with their numbers, their time and their sender's key.

A record is a head, the key (utf-8) and the payload: float64 in little-endian order, row by row; of series
first the lengths (u32), then their vectors one after the other.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

MAGIC = b"ROWS"
HEAD = struct.Struct("<4sIIQIIqH")  # magic, crc of what follows it, payload bytes, first, rows, dim, µs, key
_CRC_END = 8
SUFFIX = ".rows"
MOST_PAYLOAD = 1 << 31
MOST_KEY = 255

Rows = NDArray[np.float64] | Sequence[NDArray[np.float64]]


class Head(NamedTuple):
    """What stands before a record's bytes."""

    crc: int
    payload: int
    first: int
    rows: int
    dim: int
    at: int
    key: int

    @property
    def size(self) -> int:
        """Return how many bytes the whole record has."""
        return HEAD.size + self.key + self.payload

    @property
    def end(self) -> int:
        """Return the number after that of its last row."""
        return self.first + self.rows


class Chunk(NamedTuple):
    """Rows that came together: an array (n x dim), or a list of arrays (length x dim) for series."""

    first: int
    rows: NDArray[np.float64] | list[NDArray[np.float64]]
    at: int
    key: str


def payload_of(rows: Rows) -> tuple[bytes, int, int]:
    """Return the bytes, the number and the dimension of rows."""
    if isinstance(rows, np.ndarray):
        return np.ascontiguousarray(rows, "<f8").tobytes(), len(rows), rows.shape[1]
    lengths = np.array([len(each) for each in rows], "<u4").tobytes()
    vectors = b"".join(np.ascontiguousarray(each, "<f8").tobytes() for each in rows)
    return lengths + vectors, len(rows), rows[0].shape[1] if len(rows) else 0


def encoded(payload: bytes, first: int, rows: int, dim: int, at: int, key: str = "") -> bytes:
    """Return a whole record."""
    name = key.encode()
    head = HEAD.pack(MAGIC, 0, len(payload), first, rows, dim, at, len(name))[_CRC_END:]
    crc = crc32(payload, crc32(name, crc32(head)))
    return b"".join((MAGIC, struct.pack("<I", crc), head, name, payload))


def head_of(data: bytes | memoryview) -> Head | None:
    """Return the head that some bytes begin with; None when they are no record's."""
    if len(data) < HEAD.size:
        return None
    magic, *rest = HEAD.unpack_from(data)
    return Head(*rest) if magic == MAGIC else None


def is_whole(data: memoryview, head: Head) -> bool:
    """Say whether bytes that begin with a record hold all of it, as it was written."""
    return len(data) >= head.size and crc32(data[_CRC_END : head.size]) == head.crc


def rows_of(payload: NDArray[np.uint8], head: Head) -> NDArray[np.float64] | list[NDArray[np.float64]]:
    """Return the rows that a record's payload holds, sharing its memory."""
    if head.payload == head.rows * head.dim * 8:
        return payload.view("<f8").reshape(head.rows, head.dim)
    lengths = payload[: head.rows * 4].view("<u4").astype(np.int64)
    vectors = np.frombuffer(bytearray(payload[head.rows * 4 :]), "<f8").reshape(-1, head.dim)
    return np.split(vectors, np.cumsum(lengths)[:-1])
