"""Shoals of fish that wander, meet, part, come and go: rows to look at."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Shoal(NamedTuple):
    """One shoal: where it swims (radii and turns a minute), how wide it is, and when it is there.

    `period` is in seconds; for `rest` of it there are no fish. None is always there.
    """

    across: float
    up: float
    turns: tuple[float, float]
    phase: float
    width: float
    period: float | None = None
    rest: float = 0.4


SHOALS = (
    Shoal(7.0, 4.0, (0.9, 1.3), 0.0, 0.55),
    Shoal(6.0, 5.0, (0.7, 0.5), 2.1, 0.70),
    Shoal(8.5, 2.5, (-0.5, 0.8), 4.2, 0.50),
    Shoal(3.0, 5.5, (1.1, -0.7), 1.0, 0.45, period=40.0),
    Shoal(9.0, 5.0, (0.4, 1.1), 5.3, 0.60, period=65.0),
)
LOST = 0.02  # of the fish follow no shoal
LONG = 1.5  # how much longer than wide a shoal is, in the direction in which it swims
SEA = (12.0, 8.0)
COLUMNS = ("east", "north")
AHEAD = 0.05


def fish(seconds: float, count: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """Return where so many fish are (count x 2) some seconds after the beginning."""
    weights = np.array([_size(shoal, seconds) for shoal in SHOALS])
    which = chance.choice(len(SHOALS), count, p=weights / weights.sum())
    noise = chance.standard_normal((count, 2))
    rows = np.empty((count, 2))
    for number, shoal in enumerate(SHOALS):
        mine = which == number
        here, there = _place(shoal, seconds), _place(shoal, seconds + AHEAD)
        angle = math.atan2(there[1] - here[1], there[0] - here[0])
        along, beside = noise[mine, 0] * shoal.width * LONG, noise[mine, 1] * shoal.width
        rows[mine, 0] = here[0] + along * math.cos(angle) - beside * math.sin(angle)
        rows[mine, 1] = here[1] + along * math.sin(angle) + beside * math.cos(angle)
    lost = chance.random(count) < LOST
    rows[lost] = chance.uniform(-1, 1, (int(lost.sum()), 2)) * SEA
    return rows


def _place(shoal: Shoal, seconds: float) -> tuple[float, float]:
    turn = 2 * math.pi * seconds / 60
    across, up = shoal.turns
    return (
        shoal.across * math.sin(across * turn + shoal.phase),
        shoal.up * math.cos(up * turn + 1.7 * shoal.phase),
    )


def _size(shoal: Shoal, seconds: float) -> float:
    if shoal.period is None:
        return 1.0
    part = (seconds / shoal.period + shoal.phase) % 1.0
    return max(0.0, math.sin(math.pi * part / (1 - shoal.rest))) if part < 1 - shoal.rest else 0.0
