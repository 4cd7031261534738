"""The bodies that tell of jobs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shoal.base.pointers import pointer
from shoal.jobs.requests.keeping import unkeepable
from shoal.server.api.shapes.bodies import Page, Shape
from shoal.server.api.shapes.problems import Trouble


class JobShape(Shape):
    """A job; times are UTC microseconds, durations seconds."""

    id: int
    owner: str
    kind: str
    name: str
    state: str
    reason: str | None
    generation: int
    attempts: int
    priority: int
    spec: dict[str, Any]
    extra: dict[str, Any]
    result: Any
    error: dict[str, Any] | None
    created: int
    started: int | None
    ended: int | None
    progress: dict[str, Any] | None


class JobWithSeq(JobShape):
    """A job and where a reader goes on watching."""

    seq: int
    children: dict[str, int] | None = Field(default=None, description="its parts, by state")
    trouble: Trouble | None = None


class ArtifactShape(Shape):
    """A file that an attempt left."""

    name: str
    size: int
    sha256: str
    attempt: int
    generation: int


class ArtifactList(Shape):
    """The files that a job's attempts left, those of the newest first."""

    artifacts: list[ArtifactShape]


class SubmittedShape(JobWithSeq):
    """A job that was submitted; `ids` are its own and those of its parts."""

    ids: list[int]


class NoteWish(BaseModel):
    """Put free JSON beside a job."""

    model_config = ConfigDict(extra="forbid", strict=True)
    extra: dict[str, Any]

    @field_validator("extra")
    @classmethod
    def _kept(cls, extra: dict[str, Any]) -> dict[str, Any]:
        for fault in unkeepable(extra):
            raise ValueError(f"{pointer(fault.at)}: {fault.message}")
        return extra


class JobPage(Page):
    """Jobs, the newest first."""

    jobs: list[JobShape]


class AttemptList(Shape):
    """The attempts at a job, and how its earlier generations ended, oldest first."""

    attempts: list[dict[str, Any]]
    generations: list[dict[str, Any]]


class ExplanationShape(Shape):
    """Why a job is where it is, in sentences."""

    job: int
    state: str
    reason: str | None
    sentences: list[str]
    waits_for: list[int]
    ahead: int | None


class RemovedShape(Shape):
    """How many of each were forgotten."""

    jobs: int
    logs: int
    events: int
    files: int
    uploads: int
    infrastructures: int
