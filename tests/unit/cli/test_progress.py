from __future__ import annotations

import pytest

from shoal.cli.output import table
from shoal.cli.progress import busy, percent, progress, remaining


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (0, 600, 1.0, "estimating"),
        (9, 600, 1.0, "estimating"),
        (9, 100, 1.0, "about 10 s left"),
        (300, 600, 2.0, "<5 s left"),
        (100, 600, 6.6, "about 30 s left"),
        (100, 600, 60.0, "about 5 min left"),
    ],
)
def test_the_time_left_is_rounded_and_never_guessed(
    done: int, total: int, seconds: float, words: str
) -> None:
    assert remaining(done, total, seconds) == words


def test_when_the_last_fit_is_done_it_says_what_follows() -> None:
    assert remaining(600, 600, 2.0, "drawing the report") == "drawing the report"
    assert remaining(599, 600, 2.0, "drawing the report") == "<5 s left"


def test_only_the_end_is_a_hundred_percent() -> None:
    assert [percent(0, 600), percent(599, 600), percent(600, 600), percent(0, 0)] == [0, 99, 100, 100]


def test_without_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with busy("Starting"), progress("fits", "drawing") as report:
        report(10, 0, 600)
    assert capsys.readouterr().err == ""


def test_columns_are_aligned_numbers_to_the_right_and_nothing_trails() -> None:
    shown = table(["NAME", "ROWS"], [("a", 5), ("long name", None), ("b", 1200)], right=["ROWS"])
    assert shown.splitlines() == ["NAME       ROWS", "a             5", "long name     -", "b          1200"]
