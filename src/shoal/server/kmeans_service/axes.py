"""The columns that plots of clusters are drawn over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from shoal.base.errors import InvalidInput
from shoal.server.kmeans_service.arguments import Arguments
from shoal.storage.words import shown
from shoal.studies.figures.submission import number_columns
from shoal.studies.model import Study
from shoal.studies.planning.columns import PLACES


class Axes(NamedTuple):
    """Columns at x and y, and those to choose from; `y` is empty when there is one column."""

    x: str
    y: str
    choices: list[str]

    @property
    def places(self) -> tuple[str, str] | None:
        """Return the columns of longitude and latitude, if the file has both."""
        named = {name.strip().lower(): name for name in reversed(self.choices)}
        longitude, latitude = (named.get(word) for word in PLACES)
        return (longitude, latitude) if longitude and latitude else None


def axes_of(conn: Connection, study: Study, given: Arguments) -> Axes:
    """Return the axes that are asked for, else the documented ones; an unknown column is InvalidInput."""
    numbers = number_columns(conn, study)
    asked = {name: given.text(name) for name in ("x_axis", "y_axis")}
    for name, column in asked.items():
        if column and column not in numbers:
            raise InvalidInput(f"{name} is {shown(column)!r}: there is no such column of numbers.")
    x, y = default_axes([name for name in study.plan.columns or () if name in numbers], numbers)
    return Axes(asked["x_axis"] or x, asked["y_axis"] or y, numbers)


def default_axes(used: Sequence[str], numbers: Sequence[str]) -> tuple[str, str]:
    """Return the first two columns clustered by that are no places, else the first two, else any."""
    plain = [name for name in used if name.strip().lower() not in PLACES]
    order = [*(plain if len(plain) > 1 else used), *used, *numbers]
    first = [*dict.fromkeys(order), "", ""]
    return first[0], first[1]
