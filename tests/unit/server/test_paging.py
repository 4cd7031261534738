"""Laws of cursors."""

from __future__ import annotations

import pytest

from shoal.base.errors import InvalidInput
from shoal.server.api.paging import decode, encode


def test_a_cursor_gives_back_what_it_was_made_of() -> None:
    assert decode(encode(7, "ab"), int, str) == (7, "ab")
    assert decode(None, int) is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "W10", encode("a", 1), encode(1), encode(1, "a", 2), "=" * 8]
)
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput, match="not a cursor"):
        decode(cursor, int, str)
