"""The bodies of schedules and limits."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shoal.jobs.requests.request import JobRequest
from shoal.server.api.paging import FREE_TEXT
from shoal.server.api.shapes.bodies import Page, Shape


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ScheduleChange(_Wish):
    """Change a schedule; what is left out stays."""

    name: str | None = Field(default=None, max_length=200, pattern=FREE_TEXT)
    cron: str | None = Field(default=None, max_length=255, pattern=FREE_TEXT)
    zone: str | None = Field(default=None, max_length=64, pattern=FREE_TEXT)
    request: JobRequest | None = Field(default=None, description="what is submitted each time")


class ScheduleWish(_Wish):
    """Ask for a request to be submitted whenever a cron line comes true."""

    name: str = Field(default="", max_length=200, pattern=FREE_TEXT)
    cron: str = Field(max_length=255, pattern=FREE_TEXT, description="like `0 6 * * 1-5`")
    zone: str = Field(default="UTC", max_length=64, pattern=FREE_TEXT, description="like Europe/Budapest")
    request: JobRequest = Field(description="what is submitted each time")
    paused: bool = False


class ScheduleShape(Shape):
    """A schedule; times are UTC microseconds. `upcoming` are the next times, none while it is paused."""

    id: str
    owner: str
    name: str
    cron: str
    zone: str
    request: dict[str, Any]
    paused: bool
    created: int
    next: int | None
    last: int | None
    last_jobs: list[int]
    runs: int
    error: str
    upcoming: list[int]


class SchedulePage(Page):
    """Schedules, the newest first."""

    schedules: list[ScheduleShape]


class LimitShape(Shape):
    """A bound: of jobs that run at once, of starts a minute (`rate`), of jobs to be handed in (`quota`)."""

    scope: str
    name: str
    n: int


class LimitList(Shape):
    """Every bound there is."""

    limits: list[LimitShape]


class LimitWish(_Wish):
    """Set a bound; null lifts it."""

    n: int | None = Field(ge=0, lt=2**31)
