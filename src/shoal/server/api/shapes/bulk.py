"""The bodies of what is done to many jobs at once."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shoal.jobs.states import State
from shoal.server.api.paging import FREE_TEXT, LARGEST
from shoal.server.api.shapes.bodies import Shape


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")


class JobsFilter(_Wish):
    """Name jobs by what they are; each filter that is given has to fit."""

    state: list[State] | None = Field(default=None, max_length=16)
    kind: list[str] | None = Field(default=None, max_length=64)
    name: str | None = Field(default=None, max_length=255, pattern=FREE_TEXT)
    parent: int | None = Field(default=None, ge=1, le=LARGEST)
    where: dict[str, Any] | None = Field(default=None, description="as in GET /api/v1/jobs")

    @property
    def filters(self) -> dict[str, Any]:
        """Return what `reading.find` takes."""
        return {
            "states": self.state,
            "kinds": self.kind,
            "name": self.name,
            "parent": self.parent,
            "matching": self.where,
        }


class ManyWish(_Wish):
    """Name jobs by their ids, or by a filter: the newest 10,000 that fit."""

    ids: list[Annotated[int, Field(ge=1, le=LARGEST)]] | None = Field(default=None, max_length=10_000)
    filter: JobsFilter | None = None

    @model_validator(mode="after")
    def _one(self) -> ManyWish:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("Name jobs either by `ids` or by a `filter`.")
        if self.filter is not None and not any(value is not None for value in self.filter.filters.values()):
            raise ValueError("An empty filter would mean every job there is: say at least one thing.")
        return self


class ChangedShape(Shape):
    """Which jobs were changed, and which were left as they are."""

    changed: list[int]
    left: list[int]
