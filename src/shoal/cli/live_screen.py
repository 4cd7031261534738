"""What `shoal live watch` shows: the head, the points, and the clusters beside what happened."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from shoal.base.clock import isoformat
from shoal.cli.live_canvas import NOISE, Box, Canvas
from shoal.cli.live_points import Point
from shoal.cli.live_view import age, headline, told
from shoal.server.pages.live.slots import Slots
from shoal.studies.telling.colours import slot
from shoal.studies.telling.terminal import Look
from shoal.studies.wording import measured, percent, printable

Facts = dict[str, Any]
KEYS = "q quit  p pause  a axes  ? help"
HELP = (
    "q  quit; the task goes on",
    "p  pause the task, or play it",
    "a  other axes: the next pair of columns",
    "?  this help",
)
MOST_CLUSTERS = 12
LEFT = 43  # letters of a cluster's line
BAR = 10
PARTS = "▏▎▍▌▋▊▉█"


class Screen:
    """Lay out a task in lines of at most `look.width` letters."""

    def __init__(self, look: Look, *, interactive: bool = True) -> None:
        self._look = look
        self._interactive = interactive
        self._axes = 0
        self._box: Box | None = None
        self._slots = Slots()
        self._of: dict[int, int] = {}
        self.helping = False

    def turn(self) -> None:
        """Show other axes."""
        self._axes += 1
        self._box = None

    def lines(
        self,
        task: Facts,
        summary: Facts | None,
        points: Sequence[Point],
        events: Iterable[Facts],
        height: int,
    ) -> list[str]:
        """Return what is shown, `height` lines at most."""
        found = list(summary["clusters"]) if summary else []
        self._of = self._slots.of([one["id"] for one in found])
        clusters = found[:MOST_CLUSTERS]
        below = self._below(clusters, deque(events, maxlen=max(3, len(clusters))))
        x, y = self._pair(clusters, points)
        room = height - 2 - len(below)
        middle = list(HELP) if self.helping else self._picture(clusters, points, x, y, max(4, room))
        middle += [""] * (room - len(middle))
        head = [headline(task | {"summary": summary})[: self._look.width], self._second(task, x, y)]
        return [*head, *middle[: max(0, room)], *below][:height]

    def _pair(self, clusters: Sequence[Facts], points: Sequence[Point]) -> tuple[int, int]:
        """Return which two columns are shown; a task of one column is shown against itself."""
        dim = len(points[0].values) if points else 2
        if dim < 2:
            return 0, 0
        pairs = [(first, second) for first in range(dim) for second in range(first + 1, dim)]
        return pairs[self._axes % len(pairs)]

    def _second(self, task: Facts, x: int, y: int) -> str:
        if self._box is None:
            words = "No rows yet." if not task["rows"] else ""
        else:
            names = task["wish"]["variables"] or task["wish"]["columns"]
            across, up = (printable(names[at]) if at < len(names) else f"column {at + 1}" for at in (x, y))
            box = self._box
            words = f"{across} {_span(box.left, box.right)} across, {up} {_span(box.low, box.high)} up"
        if not self._interactive:
            return words[: self._look.width]
        return f"{words[: self._look.width - len(KEYS) - 2]:<{self._look.width - len(KEYS)}}{KEYS}"

    def _picture(
        self, clusters: Sequence[Facts], points: Sequence[Point], x: int, y: int, height: int
    ) -> list[str]:
        centres = [one for one in clusters if _is_vector(one["centre"], max(x, y))]
        xs = [point.values[x] for point in points] + [one["centre"][x] for one in centres]
        ys = [point.values[y] for point in points] + [one["centre"][y] for one in centres]
        if not xs:
            return []
        wanted = Box.around(xs, ys)
        self._box = wanted if self._box is None else self._box.grown(wanted)
        canvas = Canvas(self._look.width, height, self._box)
        for point in points:
            canvas.dot(point.values[x], point.values[y], self._colour(point.label))
        for one in centres:
            number, colour = str(one["id"]), self._colour(one["id"])
            canvas.write(one["centre"][x], one["centre"][y], number, colour)
        return canvas.lines(self._look)

    def _colour(self, cluster: int) -> str:
        """Return a cluster's colour, grey for what is in none."""
        return slot(self._of[cluster]).dark if cluster in self._of else NOISE

    def _below(self, clusters: Sequence[Facts], events: Iterable[Facts]) -> list[str]:
        left = [self._cluster(one) for one in clusters]
        right = [f"{isoformat(one['at'])[11:19]} {told(one)}" for one in reversed(list(events))]
        lines = []
        for cluster, event in zip_longest(left, right[: max(3, len(left))]):
            text, painted = cluster or ("", "")
            room = self._look.width - max(LEFT, len(text) + 1)
            lines.append(f"{painted}{' ' * max(1, LEFT - len(text))}{(event or '')[:room]}".rstrip())
        return lines

    def _cluster(self, one: Facts) -> tuple[str, str]:
        """Return a cluster's line without and with its colour."""
        number, share = one["id"], one["share"]
        name = f"{f'{number} {slot(self._of[number]).name}':<12}"
        rest = f"{one['rows']:>7,.0f} {percent(share):>4} {self._bar(share)} {age(one['born'])}"
        return name + rest, self._look.paint(name, self._colour(one["id"])) + rest

    def _bar(self, share: float) -> str:
        eighths = round(min(1.0, max(0.0, share)) * BAR * 8)
        if not self._look.unicode:
            return f"{'#' * (eighths // 8):<{BAR}}"
        part = PARTS[eighths % 8 - 1] if eighths % 8 else ""
        return f"{'█' * (eighths // 8) + part:<{BAR}}"


def _span(low: float, high: float) -> str:
    return f"{measured(low, '-')}..{measured(high, '-')}"


def _is_vector(centre: Sequence[Any], place: int) -> bool:
    return place < len(centre) and not isinstance(centre[0], list)
