"""Colours and markers: the same as pages have, and each cluster's own."""

from __future__ import annotations

import re
from pathlib import Path

import shoal.studies.telling
from shoal.studies.figures.markers import MARKERS, markers
from shoal.studies.figures.theme import THEMES, TOKENS, config
from shoal.studies.telling.colours import SLOTS

LOOK = Path(shoal.studies.telling.__file__).parent / "look"


def test_there_is_a_marker_of_its_own_for_each_colour() -> None:
    assert len(set(MARKERS)) == len(MARKERS) == len(SLOTS) == 12
    assert markers(14)[12:] == list(MARKERS[:2])
    for path in MARKERS:
        if path.startswith("M"):
            numbers = [float(number) for number in re.findall(r"-?\d*\.?\d+(?:e-?\d+)?", path)]
            assert max(map(abs, numbers)) <= 1


def test_a_theme_gives_the_colours_of_the_clusters() -> None:
    for theme in THEMES:
        assert config(theme)["range"]["category"] == [getattr(slot, theme) for slot in SLOTS]


def test_figures_and_pages_have_the_same_colours() -> None:
    style = (LOOK / "tokens.css").read_text().lower()
    for theme in THEMES:
        for name in ("surface", "border", "line", "text", "muted", "accent"):
            assert getattr(TOKENS[theme], name).lower() in style, (theme, name)
