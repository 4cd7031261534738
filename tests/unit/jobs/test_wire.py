from __future__ import annotations

import pytest

from shoal.base.errors import TooLarge
from shoal.jobs.workers import wire


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_frames_come_out_whole_however_the_stream_is_cut(size: int) -> None:
    frames = [b"", b"a", b"bc" * 300, b"\0\0\0\1"]
    stream = b"".join(wire.packed(frame) for frame in frames)
    unpacker = wire.Unpacker()
    found = [f for at in range(0, len(stream), size) for f in unpacker.feed(stream[at : at + size])]
    assert found == frames


def test_what_is_too_large_is_refused_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = wire.packed(b"12345")
    monkeypatch.setattr(wire, "LARGEST", 4)
    with pytest.raises(TooLarge):
        wire.packed(b"12345")
    with pytest.raises(ValueError, match="not ours"):
        wire.Unpacker().feed(frame)
