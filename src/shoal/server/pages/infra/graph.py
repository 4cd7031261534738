"""An infrastructure as a graph: nodes from left to right in the order in which they are built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shoal.infra.deciding.levels import levels
from shoal.infra.model import Description, Instance
from shoal.infra.states import STANDING, State
from shoal.server.pages.infra.words import node_look
from shoal.server.pages.look import Look

WIDTH, HEIGHT = 190, 62
ACROSS, DOWN, EDGE = 64, 22, 8
LONGEST_NAME = 22


class Box(NamedTuple):
    """A node in the picture, its left upper corner at (x, y)."""

    name: str
    short: str
    x: int
    y: int
    counted: str
    look: Look
    title: str


class Graph(NamedTuple):
    """A picture of `width` x `height`; `arrows` are paths from what is needed to what needs it."""

    width: int
    height: int
    boxes: Sequence[Box]
    arrows: Sequence[str]


def graph_of(description: Description, instances: Sequence[Instance], targets: Mapping[str, int]) -> Graph:
    """Return the picture of a description and of the machines that are there."""
    columns = levels(description)
    tallest = max((len(column) for column in columns), default=1)
    height = tallest * (HEIGHT + DOWN) - DOWN + 2 * EDGE
    boxes: dict[str, Box] = {}
    for place, column in enumerate(columns):
        free = height - 2 * EDGE - len(column) * (HEIGHT + DOWN) + DOWN
        for row, name in enumerate(column):
            x, y = EDGE + place * (WIDTH + ACROSS), EDGE + free // 2 + row * (HEIGHT + DOWN)
            boxes[name] = _box(description, name, instances, targets, x, y)
    width = len(columns) * (WIDTH + ACROSS) - ACROSS + 2 * EDGE
    arrows = [_arrow(boxes[edge.dependee], boxes[edge.dependent]) for edge in description.edges]
    return Graph(max(width, WIDTH), height, list(boxes.values()), arrows)


def _box(
    description: Description,
    name: str,
    instances: Sequence[Instance],
    targets: Mapping[str, int],
    x: int,
    y: int,
) -> Box:
    node = description.node(name)
    least, most = (node.least, node.most) if node else (0, 0)
    wanted = min(max(targets.get(name, least), least), most)
    own = [one for one in instances if one.node == name and one.state in STANDING | {State.FAILED}]
    ready = sum(one.state is State.READY for one in own)
    span = f" ({least} to {most})" if most > least else ""
    look = node_look(own, wanted)
    title = f"{name}: {look.word.lower()}, {ready} of {wanted} ready{span}"
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return Box(name, short, x, y, f"{ready}/{wanted}{span}", look, title)


def _arrow(needed: Box, needs: Box) -> str:
    """Return the path from the right edge of one box to the left edge of another."""
    x0, y0 = needed.x + WIDTH, needed.y + HEIGHT // 2
    x1, y1 = needs.x - 6, needs.y + HEIGHT // 2
    bend = max(20, (x1 - x0) // 2)
    return f"M{x0} {y0}C{x0 + bend} {y0} {x1 - bend} {y1} {x1} {y1}"
