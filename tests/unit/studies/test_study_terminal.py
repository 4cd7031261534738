import io

import pytest

from shoal.studies.telling.sparkline import sparkline
from shoal.studies.telling.terminal import Look, lines_of, opening, result
from tests.unit.studies.summaries import best, profile, study, summary

FILES = {
    "report": "penguins-study/report.html",
    "labels": "penguins-study/labels.csv",
    "json": "x/study.json",
}


def test_the_screen_of_a_study() -> None:
    lines = list(lines_of(study(), FILES, Look()))
    assert "           Full            Diagonal        Spherical" in lines
    assert "  Tied     3   -4432.9     3*  -4429.0     8   -5301.2" in lines
    assert "  Untied   3   -4454.9     3   -4443.6     -  under 17 rows" in lines
    assert "  1              151     44%   bill_depth_mm +1.1 sd" in lines
    assert lines[-2:] == [
        "Report  penguins-study/report.html      Labels  penguins-study/labels.csv",
        "Study   7f3a in 14 s",
    ]


def test_the_opening_says_what_is_used_and_left_out() -> None:
    text = " ".join(opening(study(), Look()))
    assert text == (
        "penguins.csv: 344 rows, 3 columns. Using 2: bill_depth_mm, body_mass_g. "
        "Left out: 1 text column, 2 rows with gaps."
    )


@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_80_columns(unicode: bool) -> None:
    long = {"a_column_with_a_very_long_name_that_goes_on_and_on_for_ever_and_ever_and_ever_x": 2.0}
    found = summary(
        profiles=[profile(1, 10**9, **long), profile(2, 68, **long)],
        curve=[-float(k) for k in range(100)],
        notes=[{"code": "edge", "text": "word " * 40, "act": "--extend --max-k 20"}],
    )
    lines = [*opening(study(), Look()), *lines_of(study(found), FILES, Look(unicode=unicode))]
    assert max(map(len, lines)) <= 80


def test_without_utf8_every_sign_is_ascii() -> None:
    assert all(line.isascii() for line in lines_of(study(), FILES, Look(unicode=False)))


def test_colour_needs_a_terminal_and_leave() -> None:
    class Screen(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    assert Look.of(Screen(), {}).colour
    assert not Look.of(Screen(), {"NO_COLOR": "1"}).colour
    assert not Look.of(Screen(), {"TERM": "dumb"}).colour
    assert not Look.of(io.StringIO(), {}).colour
    plain, painted = (result(study(), Look(colour=colour)) for colour in (False, True))
    assert plain != painted
    assert not any("\x1b" in line for line in plain)


def test_only_shapes_that_were_tried_have_a_column() -> None:
    found = summary(recommended={"diag-tied": best()}, unavailable={})
    text = "\n".join(result(study(found), Look()))
    assert "Diagonal" in text
    assert "Full" not in text
    assert "Untied" not in text


def test_what_to_do_when_nothing_passes_is_shown_once() -> None:
    text = "No fit has all clusters at 17 rows or more. Allow smaller clusters."
    note = {"code": "nothing-passes", "text": text, "act": "--min-members 8"}
    lines = result(study(summary(best=None, recommended={}, profiles=[], notes=[note])), Look())
    assert lines[0] == text
    assert lines[-1] == "! To recommend fits with smaller clusters: [--min-members 8]"


def test_the_highest_value_has_the_highest_mark_and_gaps_stay() -> None:
    assert sparkline([-7409.0, -4429.0, None, -4500.0]) == "▁█ ▅"
    assert sparkline([3.0]) == "█"
    assert len(sparkline([float(k) for k in range(100)], width=40)) <= 40
