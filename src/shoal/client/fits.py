"""Fits over all studies of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from shoal.client.calls import API, Ask, Call, Items, json_of, pages
from shoal.client.methods import Awaiting, Blocking, listing, operation


class _Fits:
    @listing
    def find(self, /, **filters: Any) -> Items[dict[str, Any]]:
        """Give fits that have ended; filters are those of GET /api/v1/fits: study, state, k, sort, ..."""
        yield from pages(f"{API}/fits", "fits", filters)

    @operation
    def get(self, study: str, fit: int) -> Call[dict[str, Any]]:
        """Return one fit with its clusters in the file's units; raises NotFound."""
        found: dict[str, Any] = yield from json_of(Ask("GET", f"{API}/studies/{study}/fits/{fit}"))
        return found


class Fits(_Fits, Blocking):
    """The fits of a server's studies."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.find()


class AsyncFits(_Fits, Awaiting):
    """The fits of a server's studies."""

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self.find()
