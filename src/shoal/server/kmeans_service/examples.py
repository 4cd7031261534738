"""The eight example data sets of the home page, drawn anew from fixed seeds.

They are ours: the same kinds of groups as the older service showed, not its files.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import NamedTuple


class Group(NamedTuple):
    """A cloud of points: how many, where, how long and wide (standard deviations), and turned by degrees."""

    size: int
    x: float
    y: float
    long: float = 1.0
    wide: float = 1.0
    turn: float = 0.0


class Example(NamedTuple):
    """A data set: its title, what can be seen in it, and its groups."""

    title: str
    told: str
    seed: int
    groups: Sequence[Group]


CENTRES = ((0.0, 0.0), (12.0, 2.0), (5.0, 11.0))
SIZES = (600, 500, 400)
TURNS = (20.0, 75.0, 140.0)


def example(slug: str) -> bytes:
    """Return a data set as CSV, the same bytes every time."""
    found = EXAMPLES[slug]
    random_ = random.Random(found.seed)
    lines = ["dimension1,dimension2"]
    lines += [f"{x:.4f},{y:.4f}" for group in found.groups for x, y in _points(group, random_)]
    return "\n".join([*lines, ""]).encode()


def _points(group: Group, random_: random.Random) -> list[tuple[float, float]]:
    cosine, sine = math.cos(math.radians(group.turn)), math.sin(math.radians(group.turn))
    points = []
    for _ in range(group.size):
        along, across = group.long * random_.gauss(0, 1), group.wide * random_.gauss(0, 1)
        points.append((group.x + along * cosine - across * sine, group.y + along * sine + across * cosine))
    return points


def _skewed(long: float, wide: float) -> tuple[Group, ...]:
    return tuple(
        Group(size, x, y, long, wide, turn) for size, (x, y), turn in zip(SIZES, CENTRES, TURNS, strict=True)
    )


def _overlapping(gap: float) -> tuple[Group, ...]:
    return (Group(600, 0, 0), Group(500, gap, 0), Group(400, gap / 2, gap * 0.9))


EXAMPLES = {
    "normal": Example("Normal", "three round groups", 1, _skewed(1, 1)),
    "skewed-1": Example("Skewed 1", "a little longer than wide", 2, _skewed(1.5, 1)),
    "skewed-2": Example("Skewed 2", "twice as long as wide", 3, _skewed(2, 1)),
    "skewed-3": Example("Skewed 3", "four times as long as wide", 4, _skewed(2.4, 0.6)),
    "skewed-4": Example("Skewed 4", "eight times as long as wide", 5, _skewed(3.2, 0.4)),
    "skewed-5": Example("Skewed 5", "like sticks", 6, _skewed(4, 0.2)),
    "overlap-1": Example("Overlap 1", "three groups that touch", 7, _overlapping(4.0)),
    "overlap-2": Example("Overlap 2", "three groups that run into each other", 8, _overlapping(3.2)),
}
