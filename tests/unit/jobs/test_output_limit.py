"""How output is cut: at the limit to the byte, said once, characters whole."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.jobs.sandbox.pumping import Output, Stream, whole_characters


def passed_on(pieces: Sequence[bytes], limit: int) -> tuple[list[bytes], int]:
    kept: list[bytes] = []
    said: list[int] = []
    output = Output(lambda piece, _: kept.append(piece), limit, lambda: said.append(1))
    stream = Stream("o", -1)
    for piece in pieces:
        output.take(stream, piece)
    output.flush()
    assert stream.size == sum(map(len, pieces))
    return kept, len(said)


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=20), st.integers(1, 60))
def test_what_is_kept_is_the_beginning_and_a_cut_is_said_once(pieces: list[bytes], limit: int) -> None:
    kept, said = passed_on(pieces, limit)
    whole = b"".join(pieces)
    assert b"".join(kept) == whole[:limit]
    assert said == (len(whole) > limit)


@given(st.text(min_size=1), st.integers(1, 5))
def test_text_is_passed_on_in_whole_characters(text: str, size: int) -> None:
    content = text.encode(errors="surrogatepass")
    kept, _ = passed_on([content[at : at + size] for at in range(0, len(content), size)], 10_000)
    assert b"".join(kept) == content
    if not any("\ud800" <= each <= "\udfff" for each in text):
        for piece in kept:
            piece.decode()


@pytest.mark.parametrize(
    ("end", "cut"),
    [
        *((b"a", 0), (b"\xc3", 1), (b"\xc3\xa9", 0), (b"\xe2\x82", 2)),
        *((b"\xf0\x9f\x92", 3), (b"\xff", 1), (b"\x80", 0)),
    ],
)
def test_only_an_unfinished_character_is_held_back(end: bytes, cut: int) -> None:
    at = len(end) + 1 - cut
    piece = b"x" + end
    assert whole_characters(piece) == (piece[:at], piece[at:])
