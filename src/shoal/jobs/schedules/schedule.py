"""What a schedule is."""

from __future__ import annotations

from typing import Any, NamedTuple


class Schedule(NamedTuple):
    """A request that is submitted whenever its cron line comes true; times are in µs.

    `template` is a job request. `next` is when it comes true next, None while paused; `last` when it did
    last, and `last_jobs` what was submitted then; `error` says why that failed, if it did. `runs` counts.
    """

    id: str
    owner: str
    name: str
    cron: str
    zone: str
    template: dict[str, Any]
    paused: bool
    created: int
    next: int | None
    tick: int | None
    last: int | None
    last_jobs: list[int]
    runs: int
    error: str
