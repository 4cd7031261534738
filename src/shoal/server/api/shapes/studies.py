"""The bodies that tell of studies."""

from __future__ import annotations

from typing import Any, Literal

from shoal.server.api.shapes.bodies import Page, Shape
from shoal.server.api.shapes.problems import Trouble


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


class ModelShape(Shape):
    """A fit that gives rows their labels; docs/how-to/predict-elsewhere.md tells how."""

    format: str
    study: str
    covariance: str
    fit: int
    columns: list[str]
    missing: Literal["drop", "impute"]
    fill: list[float] | None
    first_label: int
    center: list[float]
    scale: list[float]
    log_weights: list[float]
    means: list[list[float]]
    covariances: Any
    whitening: list[Any]
    constants: list[float]


class NoteShape(Shape):
    """Something true that the reader should know; `code` is stable."""

    code: str
    text: str
    act: str | None = None


class LeftOut(Shape):
    """A column that is not clustered by, and why."""

    column: str
    why: str


class EstimateShape(Shape):
    """What a study would be and cost: wall seconds on `workers` workers, bytes of memory."""

    fits: int
    workers: int
    seconds: float
    bytes: float
    free: int
    fits_in_memory: bool
    sentence: str
    columns: list[str]
    left_out: list[LeftOut]
    plan: dict[str, Any]
    facts: dict[str, Any]
    changed: str
    notes: list[NoteShape]


class EventShape(Shape):
    """Something that happened; `seq` is where to read on."""

    seq: int
    topic: str
    subject: str
    kind: str
    data: dict[str, Any]
    at: int


class EventPage(Page):
    """What happened to a study, as far as it is kept."""

    events: list[EventShape]


class FailureShape(Shape):
    """One reason why fits failed; `fits` are the ids of the first thousand."""

    text: str
    count: int
    fits: list[int]


class FailureList(Shape):
    """Why fits of a study failed, the most frequent reason first."""

    failed: int
    failures: list[FailureShape]


class StudyJob(Shape):
    """A job of a study's present run, and the fits it makes."""

    job: int
    kind: str
    state: str
    fits: list[int]


class StudyJobList(Shape):
    """The jobs of a study's present run, by id."""

    jobs: list[StudyJob]


class ComparisonShape(Shape):
    """How alike two groupings of the same rows are."""

    left: str
    right: str
    rows: int
    adjusted_rand: float
    row_names: list[str]
    column_names: list[str]
    counts: list[list[int]]
