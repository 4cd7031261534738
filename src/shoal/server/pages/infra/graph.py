"""An infrastructure as a graph: nodes from left to right in the order in which they are built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shoal.infra.deciding.levels import levels
from shoal.infra.deciding.targets import wanted
from shoal.infra.model import Description, Infrastructure, Instance
from shoal.infra.states import STANDING, Phase, State
from shoal.server.pages.infra.words import node_look
from shoal.server.pages.look import Look

WIDTH, HEIGHT = 190, 62
ACROSS, DOWN, EDGE = 64, 22, 8
LONGEST_NAME = 17  # letters that fit into a box in the widest of our fonts


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


def graph_of(found: Infrastructure, description: Description, instances: Sequence[Instance]) -> Graph:
    """Return the picture of an infrastructure with the machines that are there."""
    columns = levels(description)
    tallest = max((len(column) for column in columns), default=1)
    height = tallest * (HEIGHT + DOWN) - DOWN + 2 * EDGE
    shown = _Nodes(found, description, instances)
    boxes: dict[str, Box] = {}
    for place, column in enumerate(columns):
        free = height - 2 * EDGE - len(column) * (HEIGHT + DOWN) + DOWN
        for row, name in enumerate(column):
            x, y = EDGE + place * (WIDTH + ACROSS), EDGE + free // 2 + row * (HEIGHT + DOWN)
            boxes[name] = shown.box(name, x, y)
    width = len(columns) * (WIDTH + ACROSS) - ACROSS + 2 * EDGE
    arrows = [_arrow(boxes[edge.dependee], boxes[edge.dependent]) for edge in description.edges]
    return Graph(max(width, WIDTH), height, list(boxes.values()), arrows)


class _Nodes:
    def __init__(self, found: Infrastructure, description: Description, there: Sequence[Instance]) -> None:
        self._phase = found.phase
        self._description = description
        names = [node.name for node in description.nodes]
        self._wanted = {name: wanted(description, found.targets, name) for name in names}
        self._own: dict[str, list[Instance]] = {name: [] for name in names}
        for one in there:
            if one.node in self._own and one.state in STANDING | {State.FAILED}:
                self._own[one.node].append(one)

    def box(self, name: str, x: int, y: int) -> Box:
        node, due = self._description.node(name), all(map(self._is_there, self._needs(name)))
        span = f" ({node.least} to {node.most})" if node and node.most > node.least else ""
        look = node_look(self._phase, self._own[name], self._wanted[name], due=due)
        ready, goal = self._ready(name), self._wanted[name]
        title = f"{name}: {look.word.lower()}, {ready} of {goal} ready{span}"
        short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
        counted = "" if self._phase is Phase.DESTROYED else f"{ready}/{goal}{span}"
        return Box(name, short, x, y, counted, look, title)

    def _needs(self, name: str) -> list[str]:
        return [edge.dependee for edge in self._description.edges if edge.dependent == name]

    def _is_there(self, name: str) -> bool:
        return self._ready(name) >= self._wanted[name]

    def _ready(self, name: str) -> int:
        return sum(one.state is State.READY for one in self._own[name])


def _arrow(needed: Box, needs: Box) -> str:
    """Return the path from the right edge of one box to the left edge of another."""
    x0, y0 = needed.x + WIDTH, needed.y + HEIGHT // 2
    x1, y1 = needs.x - 6, needs.y + HEIGHT // 2
    bend = max(20, (x1 - x0) // 2)
    return f"M{x0} {y0}C{x0 + bend} {y0} {x1 - bend} {y1} {x1} {y1}"
