"""How a state is shown on pages, the same for live tasks, infrastructures and machines."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """How a state is shown: its word, its colour and its icon."""

    word: str
    colour: str
    icon: str
