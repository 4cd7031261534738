"""The shapes of replies about figures."""

from __future__ import annotations

from shoal.server.api.shapes.bodies import Shape


class FigureEntry(Shape):
    """A figure: what it shows, and the options that change it."""

    name: str
    heading: str
    sentence: str
    takes: list[str]
    href: str | None = None


class FigureList(Shape):
    """The figures, and the formats that each of them comes in."""

    figures: list[FigureEntry]
    formats: list[str]
