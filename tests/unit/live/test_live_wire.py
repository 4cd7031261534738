"""Frames between the office and its hosts."""

from __future__ import annotations

import pytest

from shoal.live.wire import Frame, Unpacker, packed


def test_frames_come_out_of_any_pieces() -> None:
    sent = [({"op": "rows", "n": n}, bytes(range(n))) for n in (0, 1, 200)]
    stream = b"".join(packed(*one) for one in sent)
    for size in (1, 7, len(stream)):
        unpacker = Unpacker()
        heard = [
            frame for at in range(0, len(stream), size) for frame in unpacker.feed(stream[at : at + size])
        ]
        assert heard == [Frame(*one) for one in sent]


@pytest.mark.parametrize("stream", [b"\xff" * 16, packed({}).replace(b"{}", b"[]"), b"\x02\0\0\0\0\0\0\0??"])
def test_a_stream_that_is_not_ours_is_refused(stream: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Unpacker().feed(stream)
