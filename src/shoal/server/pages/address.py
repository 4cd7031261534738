"""A list's address: what is searched, filtered and sorted, and which page; so that a view can be sent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query

from shoal.server.api.paging import FREE_TEXT

SIZE = 25
FURTHEST = 1_000_000
PageNumber = Annotated[int, Query(ge=1, le=FURTHEST)]
Search = Annotated[str, Query(max_length=255, pattern=FREE_TEXT)]


@dataclass(frozen=True)
class Address:
    """Hold a list's path and query; what is empty or the default is left out of links."""

    path: str
    query: Mapping[str, str]
    defaults: Mapping[str, str]

    def to(self, path: str = "", **changes: str | int) -> str:
        """Return a link to the same list with something else; unless a page is named, its first page."""
        wanted = {**self.query, **{name: str(value) for name, value in changes.items()}}
        given = {
            name: value for name, value in wanted.items() if value and value != self.defaults.get(name, "")
        }
        return (path or self.path) + (f"?{urlencode(given)}" if given else "")

    def sorted_by(self, name: str, first: str) -> str:
        """Return the link of a column's head: that order, or the other way round when it is the present one.

        `first` is the direction that a column starts with.
        """
        return self.to(sort=name, order=self.turned(first) if self.query["sort"] == name else first)

    def turned(self, first: str) -> str:
        """Return the opposite of the present direction."""
        present = self.query["order"] or first
        return "asc" if present == "desc" else "desc"


@dataclass(frozen=True)
class Pages:
    """Hold where a list stands: the number of the page (from 1) of `total` things."""

    page: int
    total: int
    size: int = SIZE

    @property
    def offset(self) -> int:
        """Return how many things stand before this page."""
        return (self.page - 1) * self.size

    @property
    def last(self) -> int:
        """Return the number of the last page."""
        return max(1, -(-self.total // self.size))

    @property
    def sentence(self) -> str:
        """Return `1-25 of 600`, with a real dash."""
        if self.page > self.last:
            return f"nothing on page {self.page:,} of {self.last:,}"
        end = min(self.offset + self.size, self.total)
        return f"{self.offset + 1:,}\N{EN DASH}{end:,} of {self.total:,}"
