"""What a container writes, as engines send it: frames of stdout and stderr in one stream.

A frame is eight bytes, the stream's number and at the end the length as a big-endian 32-bit number, then
the content.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

Read = Callable[[int], bytes]
STREAMS = {0: "o", 1: "o", 2: "e"}
PIECE = 1 << 16
_HEAD = struct.Struct(">BxxxI")


def demultiplexed(read: Read) -> Iterator[tuple[str, bytes]]:
    """Yield pieces of at most 64 KiB with their stream, `o` or `e`, as soon as they are there.

    `read(n)` returns 1 to n bytes, or none at the end. A frame that is cut short ends the iteration.

    Raises:
        ValueError: what is read is not made of frames.
    """
    while len(head := _whole(read, _HEAD.size)) == _HEAD.size:
        stream, left = _HEAD.unpack(head)
        if stream not in STREAMS:
            raise ValueError(f"a frame of stream {stream}")
        while left and (piece := read(min(left, PIECE))):
            left -= len(piece)
            yield STREAMS[stream], piece


def _whole(read: Read, size: int) -> bytes:
    content = b""
    while len(content) < size and (piece := read(size - len(content))):
        content += piece
    return content
