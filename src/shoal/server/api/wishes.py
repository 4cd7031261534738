"""What a request may ask of a study."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shoal.server.api.paging import FREE_TEXT
from shoal.studies.plan import CHOICES, RANGES
from shoal.studies.planning.presets import PRESETS

# Values are judged by the plan itself, whose words are better; the description only tells of them.


def _within(name: str) -> dict[str, Any]:
    low, high = RANGES[name]
    return {"minimum": low, "maximum": high}


def _one_of(choices: Any) -> dict[str, Any]:
    return {"enum": list(choices)}


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class StudyWish(_Wish):
    """Ask for a study over a dataset; what is left out has the plan's default."""

    dataset: str = Field(max_length=64, description="the dataset's id")
    name: str = Field(default="", max_length=255, pattern=FREE_TEXT)
    columns: list[str] | None = Field(default=None, description="to cluster by; by default all that can be")
    n_experiments: int | None = Field(default=None, json_schema_extra=_within("n_experiments"))
    max_k: int | None = Field(default=None, json_schema_extra=_within("max_k"))
    n_init: int | None = Field(default=None, json_schema_extra=_within("n_init"))
    covariances: list[str] | None = Field(default=None, description="shapes to try")
    scale: bool | None = None
    min_members: int | None = Field(default=None, description="rows in the smallest cluster")
    select: str | None = Field(default=None, json_schema_extra=_one_of(CHOICES["select"]))
    score: str | None = Field(default=None, json_schema_extra=_one_of(CHOICES["score"]))
    assignment: str | None = Field(default=None, json_schema_extra=_one_of(CHOICES["assignment"]))
    missing: str | None = Field(default=None, json_schema_extra=_one_of(CHOICES["missing"]))
    seed: int | None = Field(default=None, json_schema_extra=_within("seed"))
    preset: str | None = Field(default=None, json_schema_extra=_one_of(PRESETS))
    legacy: bool | None = Field(default=None, description="the older service's score and assignment")
    budget: str | None = Field(default=None, max_length=32, description="time to stay within, like 60s")

    @property
    def options(self) -> dict[str, Any]:
        """Return what `plan_of` takes."""
        return self.model_dump(exclude={"dataset", "name", "budget"}, exclude_none=True)


class RerunWish(_Wish):
    """Ask for fits to be run again; by default those that failed or never ran."""

    fits: list[int] | None = Field(default=None, max_length=100_000, description="ids of fits")


class ExtendWish(_Wish):
    """Ask for larger numbers of clusters too."""

    max_k: int = Field(json_schema_extra=_within("max_k"))
