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


class RowsShape(Shape):
    """Rows of a dataset; a cell is a number, a text, true, false or null."""

    columns: list[str]
    rows: list[list[Any]]
    offset: int
    total: int
    next: int | None = Field(description="`offset` of the rows that follow; null at the end")


class HistogramShape(Shape):
    """How many numbers are in each bin; there is one edge more than counts."""

    edges: list[float]
    counts: list[int]


class ValueCount(Shape):
    """How often a value is there."""

    value: str
    count: int


class ColumnStatistics(ColumnShape):
    """A column with what its values look like."""

    header: str
    distinct: int | None = Field(description="different values; null when there are more than 10,000")
    histogram: HistogramShape | None = Field(description="of a number column that has values")
    top: list[ValueCount] | None = Field(description="the most frequent values of another column")


class ColumnStatisticsList(Shape):
    """The columns of a dataset, in the file's order."""

    rows: int
    columns: list[ColumnStatistics]


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


class FitLine(FitShape):
    """One fit in a list over studies."""

    study: str
    study_name: str


class FitPage(Page):
    """The newest run of fits that have ended."""

    fits: list[FitLine]


class ParametersShape(Shape):
    """A fit's clusters in the file's units, the largest first.

    Of the form `full` a covariance is a matrix, of `diag` its diagonal; `tied` clusters share one.
    """

    columns: list[str]
    weights: list[float]
    centers: list[list[float]]
    form: Literal["full", "diag"]
    tied: bool
    covariances: list[Any]


class FitDetail(FitLine):
    """One fit with its parameters; null when it failed."""

    parameters: ParametersShape | None


class FitList(Shape):
    """The fits of a study that have ended, by id."""

    fits: list[FitShape]


class UploadShape(Shape):
    """A file that arrives in parts: `offset` of `length` bytes are there; then `dataset` is its id."""

    id: str
    name: str
    length: int
    offset: int
    created: int
    touched: int
    delimiter: str
    fingerprint: str
    dataset: str


class UploadList(Shape):
    """Uploads of a day, the newest first."""

    uploads: list[UploadShape]


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
    uploads: int
