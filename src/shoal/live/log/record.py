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


def head_at(data: memoryview | bytes, at: int) -> Head | None:
    """Return the head of the record at a place; None when no whole record is there."""
    if at + HEAD.size > len(data):
        return None
    magic, *rest = HEAD.unpack_from(data, at)
    head = Head(*rest)
    return head if magic == MAGIC and at + head.size <= len(data) else None


def is_whole(data: memoryview, at: int, head: Head) -> bool:
    """Say whether a record's bytes are those that were written."""
    return crc32(data[at + _CRC_END : at + head.size]) == head.crc


def key_at(data: memoryview, at: int, head: Head) -> str:
    """Return the key of the record at a place."""
    start = at + HEAD.size
    return bytes(data[start : start + head.key]).decode()


def rows_at(data: memoryview, at: int, head: Head) -> NDArray[np.float64] | list[NDArray[np.float64]]:
    """Return a copy of the rows of the record at a place."""
    start = at + HEAD.size + head.key
    payload = data[start : start + head.payload]
    if head.payload == head.rows * head.dim * 8:
        return np.frombuffer(payload, "<f8").reshape(head.rows, head.dim).astype(np.float64)
    lengths = np.frombuffer(payload[: head.rows * 4], "<u4").astype(np.int64)
    vectors = np.frombuffer(payload[head.rows * 4 :], "<f8").reshape(-1, head.dim).astype(np.float64)
    return np.split(vectors, np.cumsum(lengths)[:-1])
