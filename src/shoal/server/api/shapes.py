"""The shapes of replies, for the API's description; bodies themselves are written by orjson."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A JSON object of the API."""

    model_config = ConfigDict(extra="allow")


class Health(Shape):
    """The process is alive."""

    status: Literal["ok"]


class Readiness(Shape):
    """Every part that is needed works."""

    status: Literal["ok"]
    version: str
    checks: dict[str, str]


class FieldError(Shape):
    """What is wrong with one field of a request."""

    where: str = Field(alias="in", description="body, query, path or header")
    pointer: str = Field(description="JSON pointer to the field")
    message: str


class Problem(Shape):
    """An error (RFC 9457)."""

    type: str = Field(description="a URN that names the kind of error")
    title: str = Field(description="what was wrong")
    status: int
    code: str = Field(description="a stable word for programs")
    detail: str | None = Field(default=None, description="what to do about it")
    request_id: str = Field(description="quote it when you ask for help")
    errors: list[FieldError] | None = Field(default=None, description="what is wrong with each field")


class Trouble(Shape):
    """What keeps work from going on at present; it goes on by itself when that is mended."""

    title: str
    code: str
    detail: str | None = None


class Page(Shape):
    """A part of a list; `next` is the cursor of the following part, null at the end."""

    next: str | None


class ColumnShape(Shape):
    """A column of a dataset."""

    name: str
    kind: str
    missing: int
    constant: bool
    role: str | None
    min: float | None
    max: float | None
    mean: float | None
    sd: float | None


class DatasetShape(Shape):
    """A table with a name; times are UTC microseconds."""

    id: str
    version: int
    name: str
    owner: str
    rows: int
    columns: list[ColumnShape]
    sha256: str
    size: int
    created: int
    notes: list[str]


class DatasetPage(Page):
    """Datasets, the newest first."""

    datasets: list[DatasetShape]


class StudyLine(Shape):
    """A study as lists show it."""

    id: str
    name: str
    owner: str
    dataset: str
    state: Literal["running", "succeeded", "failed", "cancelled"]
    generation: int
    created: int
    started: int
    finished: int | None
    seconds: float
    error: str
    best: dict[str, Any] | None


class ProgressShape(Shape):
    """Fits of this run: all, those that ended, and of them those that failed."""

    total: int
    done: int
    failed: int


class StudyShape(StudyLine):
    """A study; scores have the study's sign (higher is better)."""

    plan: dict[str, Any]
    facts: dict[str, Any]
    source: dict[str, Any]
    progress: ProgressShape
    estimate: str
    changed: str = ""
    answer: str
    summary: dict[str, Any] | None
    seq: int
    trouble: Trouble | None = None


class StudyPage(Page):
    """Studies, the newest first."""

    studies: list[StudyLine]


class FitShape(Shape):
    """One fit that has ended."""

    fit: int
    experiment: int
    k: int
    covariance: str
    state: str
    bic: float | None
    aic: float | None
    icl: float | None
    log_likelihood: float | None
    sizes: list[int]
    seconds: float
    error: str


class FitList(Shape):
    """The fits of a study that have ended, by id."""

    fits: list[FitShape]


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
    trouble: Trouble | None = None


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


class ComparisonShape(Shape):
    """How alike two groupings of the same rows are."""

    left: str
    right: str
    rows: int
    adjusted_rand: float
    row_names: list[str]
    column_names: list[str]
    counts: list[list[int]]


class RemovedShape(Shape):
    """How many of each were forgotten."""

    jobs: int
    logs: int
    events: int
    files: int
