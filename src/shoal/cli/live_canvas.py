"""Points in a terminal: braille dots, each cluster's number at its centre."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import NamedTuple

from shoal.studies.telling.terminal import Look

# Which bit of a braille letter is the dot in column x (0, 1) and line y (0 to 3) of a cell.
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
BRAILLE = 0x2800
NOISE = "#7D8896"
MARGIN = 0.04


class Box(NamedTuple):
    """What part of the plane is shown."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def around(cls, xs: Sequence[float], ys: Sequence[float]) -> Box:
        """Return what holds all points, with a little room; at least of some size."""
        spans = []
        for values in (xs, ys):
            low, high = (min(values), max(values)) if len(values) else (0.0, 1.0)
            room = MARGIN * (high - low) or max(abs(high), 1.0) * MARGIN
            spans.append((low - room, high + room))
        return cls(*spans[0], *spans[1])

    def grown(self, other: Box, slow: float = 0.1) -> Box:
        """Return what holds both, or is a little nearer to the other, so that the picture does not jump."""

        def moved(now: float, wanted: float, outwards: bool) -> float:
            return wanted if outwards else now + slow * (wanted - now)

        return Box(
            moved(self.left, other.left, other.left < self.left),
            moved(self.right, other.right, other.right > self.right),
            moved(self.low, other.low, other.low < self.low),
            moved(self.high, other.high, other.high > self.high),
        )


class Canvas:
    """A picture of so many letters in width and height; y grows upwards."""

    def __init__(self, width: int, height: int, box: Box) -> None:
        self._width, self._height, self._box = width, height, box
        self._dots = [[0] * width for _ in range(height)]
        self._colours = [[""] * width for _ in range(height)]
        self._letters: dict[tuple[int, int], tuple[str, str]] = {}

    def dot(self, x: float, y: float, colour: str) -> None:
        """Draw a point; the one that was drawn last gives its letter the colour."""
        box = self._box
        across = floor((x - box.left) / (box.right - box.left) * 2 * self._width)
        down = floor((box.high - y) / (box.high - box.low) * 4 * self._height)
        if 0 <= across < 2 * self._width and 0 <= down < 4 * self._height:
            row, column = down // 4, across // 2
            self._dots[row][column] |= DOTS[across % 2][down % 4]
            self._colours[row][column] = colour

    def write(self, x: float, y: float, text: str, colour: str) -> None:
        """Write a text at a place, over whatever is there."""
        box = self._box
        column = floor((x - box.left) / (box.right - box.left) * self._width)
        row = floor((box.high - y) / (box.high - box.low) * self._height)
        for place, sign in enumerate(text):
            if 0 <= row < self._height and 0 <= column + place < self._width:
                self._letters[row, column + place] = (sign, colour)

    def lines(self, look: Look) -> list[str]:
        """Return the picture as lines; without braille `.` and `:` stand for few and many points."""
        return [self._line(row, look) for row in range(self._height)]

    def _line(self, row: int, look: Look) -> str:
        runs: list[list[str]] = [["", ""]]
        for column in range(self._width):
            sign, wanted = self._letters.get((row, column), (self._sign(row, column, look), ""))
            wanted = wanted or self._colours[row][column]
            if sign != " " and wanted != runs[-1][1]:
                runs.append(["", wanted])
            runs[-1][0] += sign
        runs[-1][0] = runs[-1][0].rstrip()
        return "".join(look.paint(text, colour) if colour else text for text, colour in runs)

    def _sign(self, row: int, column: int, look: Look) -> str:
        dots = self._dots[row][column]
        if not dots:
            return " "
        if look.unicode:
            return chr(BRAILLE + dots)
        return "." if dots.bit_count() < 4 else ":"
