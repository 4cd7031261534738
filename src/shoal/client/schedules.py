"""Requests that a server submits again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from shoal.client.calls import API, Ask, Call, Items, json_of, nothing, pages
from shoal.client.methods import Awaiting, Blocking, listing, operation

PATH = f"{API}/schedules"
Facts = dict[str, Any]


class _Schedules:
    @operation
    def create(
        self,
        cron: str,
        request: Mapping[str, Any],
        *,
        zone: str = "UTC",
        name: str = "",
        paused: bool = False,
    ) -> Call[Facts]:
        """Have a request submitted whenever a cron line comes true in a time zone.

        Raises:
            InvalidInput: the cron line, the zone or the request cannot be used.
        """
        wish = {"cron": cron, "request": dict(request), "zone": zone, "name": name, "paused": paused}
        made: Facts = yield from json_of(Ask("POST", PATH, json=wish))
        return made

    @operation
    def get(self, schedule: str) -> Call[Facts]:
        """Return a schedule by its id; raises NotFound."""
        found: Facts = yield from json_of(Ask("GET", _path(schedule)))
        return found

    @operation
    def change(self, schedule: str, /, **changes: Any) -> Call[Facts]:
        """Change its name, cron, zone or request."""
        changed: Facts = yield from json_of(Ask("PATCH", _path(schedule), json=changes))
        return changed

    @operation
    def pause(self, schedule: str) -> Call[Facts]:
        """Submit nothing more until it is resumed."""
        paused: Facts = yield from json_of(Ask("POST", f"{_path(schedule)}/pause"))
        return paused

    @operation
    def resume(self, schedule: str) -> Call[Facts]:
        """Go on at its next time from now."""
        resumed: Facts = yield from json_of(Ask("POST", f"{_path(schedule)}/resume"))
        return resumed

    @operation
    def remove(self, schedule: str) -> Call[None]:
        """Delete it; what it submitted stays."""
        yield from nothing(Ask("DELETE", _path(schedule)))

    @listing
    def find(self) -> Items[Facts]:
        """Give schedules, the newest first."""
        yield from pages(PATH, "schedules")


def _path(schedule: str) -> str:
    return f"{PATH}/{quote(schedule, safe='')}"


class Schedules(_Schedules, Blocking):
    """The schedules of a server."""


class AsyncSchedules(_Schedules, Awaiting):
    """The schedules of a server."""
