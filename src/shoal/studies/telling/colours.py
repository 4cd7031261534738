"""The twelve cluster colours: a slot is a cluster's identity on every face."""

from __future__ import annotations

from typing import NamedTuple


class Slot(NamedTuple):
    """One colour: its name, and its hex for light and for dark surroundings."""

    name: str
    light: str
    dark: str


# Chosen to stay apart for all three colour-vision deficiencies, largest cluster first.
SLOTS = (
    Slot("blue", "#1759DC", "#0966D6"),
    Slot("vermilion", "#E43E02", "#C9420B"),
    Slot("green", "#004A38", "#2BB573"),
    Slot("plum", "#5B2359", "#C593C6"),
    Slot("olive", "#464700", "#B8C435"),
    Slot("sky", "#0294B6", "#98EEFE"),
    Slot("violet", "#986BFE", "#9B81FD"),
    Slot("rose", "#CD6E7F", "#9C536A"),
    Slot("leaf", "#638741", "#4B7948"),
    Slot("magenta", "#B73083", "#EA519B"),
    Slot("indigo", "#2517A8", "#AABEFC"),
    Slot("brown", "#77583B", "#F1D0A0"),
)


def slot(cluster: int) -> Slot:
    """Return the colour of a cluster, numbered from 1; slots repeat after twelve."""
    return SLOTS[(cluster - 1) % len(SLOTS)]
