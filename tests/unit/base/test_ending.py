"""Conditions of a caller's own: the same in Python and as text, and nothing else can be said."""

from __future__ import annotations

from itertools import product

import pytest

from shoal.base.ending import FIGURES, LONGEST, Ending, Judge, clusters, iterations, rows, settled
from shoal.base.errors import InvalidInput

CASES = [
    ((iterations >= 10) & settled, "iterations >= 10 and settled"),
    ((iterations >= 10) & settled | (rows > 5), "iterations >= 10 and settled or rows > 5"),
    ((iterations >= 10) & (settled | (rows > 5)), "iterations >= 10 and (settled or rows > 5)"),
    ((clusters <= 3) | (clusters < 2), "clusters <= 3 or clusters < 2"),
]


@pytest.mark.parametrize(("joined", "text"), CASES)
def test_conditions_joined_in_python_and_in_text_are_the_same(joined: Ending, text: str) -> None:
    for values in product((9, 10), (5, 6), (1, 3, 4), (0, 1)):
        figures = dict(zip(FIGURES, values, strict=True))
        expected = eval(text, {}, figures)
        assert Judge(text).met(figures) == Judge(str(joined)).met(figures) == bool(expected)


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "iterations >", "iterations >= 'a'", "iterations >= True", "iterations >= rows",
        "1 < iterations < 3", "not settled", "iterations >= 1 + 1", "rho >= 1", "__import__('os')",
        "(lambda: 1)()", "[settled]", "settled; rows >= 1", "rows >= 1j", "iterations >= 9\x00",
        "(" * 300 + "settled" + ")" * 300, "settled or " * 60 + "settled", "rows is 3",
    ],
)  # fmt: skip
def test_nothing_else_is_read(text: str) -> None:
    with pytest.raises(InvalidInput):
        Judge(text)


def test_a_number_too_large_for_a_figure_is_never_reached() -> None:
    assert not Judge(f"rows >= 1{'0' * 400}").met({"rows": 1e18})
    assert LONGEST > 410
