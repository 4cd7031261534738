"""One figure as it is described: words, a Vega-Lite description, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shoal.studies.figures.catalogue import CATALOGUE, Name

Data = dict[str, list[Any]]


class Table(NamedTuple):
    """The numbers of a figure for readers and other programs."""

    columns: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True, eq=False)
class Figure:
    """Hold a figure.

    `spec` is Vega-Lite without values and without a theme: its data have names, those in `data`. `caption` is
    what must be said of it (rows that are not drawn). `axes` tells which fields stand at x and y, where they
    can be changed. `panel` is how many of the drawn rows each panel shows.
    """

    name: Name
    spec: dict[str, Any]
    data: tuple[str, ...]
    table: Table
    caption: str = ""
    heading: str = ""
    sentence: str = ""
    axes: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return the heading."""
        return self.heading or CATALOGUE[self.name].heading

    @property
    def lead(self) -> str:
        """Return the sentence below the heading."""
        return self.sentence or CATALOGUE[self.name].sentence


def columnar(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Data:
    """Return rows as columns."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def as_rows(data: Data) -> list[dict[str, Any]]:
    """Return columns as rows, which Vega-Lite takes."""
    names = list(data)
    return [dict(zip(names, values, strict=True)) for values in zip(*data.values(), strict=True)]
