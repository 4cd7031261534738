"""Frames on a byte stream: four bytes of length, big-endian, then that many bytes."""

from __future__ import annotations

import struct

from shoal.base.errors import TooLarge

LARGEST = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")


def packed(payload: bytes) -> bytes:
    """Return one frame.

    Raises:
        TooLarge: the payload is over 64 MiB.
    """
    if len(payload) > LARGEST:
        raise TooLarge(
            f"A message of {len(payload):,} bytes is over the limit of {LARGEST:,}.",
            hint="Write large things as artifacts.",
        )
    return _LENGTH.pack(len(payload)) + payload


class Unpacker:
    """Cut a stream, fed in pieces of any size, into its frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the frames that are whole now.

        Raises:
            ValueError: a length over the limit; the stream is not ours or is damaged.
        """
        rest = self._rest
        rest += piece
        frames = []
        at = 0
        while len(rest) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(rest, at)
            if length > LARGEST:
                raise ValueError(f"a frame of {length} bytes is not ours")
            if len(rest) - at < _LENGTH.size + length:
                break
            at += _LENGTH.size
            frames.append(bytes(rest[at : at + length]))
            at += length
        del rest[:at]
        return frames
