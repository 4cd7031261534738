"""What a job is: the values that go into and come out of the store (durations in seconds, times in µs).

What is made by the thousand is a named tuple: a frozen dataclass takes three times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from shoal.jobs.states import ENDS, Reason, State

Condition = Literal["ok", "not_ok", "any"]
HOUSE = ":house"  # whose jobs those are that the house hands in for itself; no account has such a name
HOUSE_LABEL = "house"  # what the house's own workers offer, and no others


@dataclass(frozen=True, slots=True)
class Dependency:
    """A job that has to end first: `job` by id, or `batch` by its position in the same submission."""

    job: int | None = None
    condition: Condition = "ok"
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """When and how often an attempt is repeated.

    `on` names classes of error: error, timeout, lost, memory, exit, `exit:N` or `exit:N-M` for exit codes,
    or the name of an exception class.
    The n-th repetition waits backoff * factor**(n-1) seconds, at most `max_delay`, spread by +-`jitter`.
    """

    max_attempts: int = 3
    on: tuple[str, ...] = ("error", "timeout", "lost")
    backoff: float = 1.0
    factor: float = 2.0
    max_delay: float = 300.0
    jitter: float = 0.1


NO_RETRY = Retry(max_attempts=1)
DEFAULT_RETRY = Retry()
ENDINGS = tuple(sorted(str(state) for state in ENDS))


@dataclass(frozen=True, slots=True)
class Webhook:
    """Whom to tell when a job gets into one of some states."""

    url: str
    events: tuple[str, ...] = ENDINGS


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as it is handed in.

    `labels` are demanded of the worker (`host:NAME` pins to a host), `resources` must be free there.
    `after` and `external_ids` (face -> id) tie it to others; `extra` is free JSON that `find` can search.
    Jobs of one `group` share a limit, if one is set. Of two jobs of an owner with one `cache_key` the second
    takes the result of the first, if that succeeded.
    """

    kind: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    labels: Sequence[str] = ()
    resources: Mapping[str, float] = field(default_factory=dict)
    not_before: int | None = None
    deadline: int | None = None
    timeout: float | None = None
    retry: Retry = DEFAULT_RETRY
    idempotency_key: str | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict)
    parent: int | None = None
    after: Sequence[Dependency] = ()
    array_index: int | None = None
    service: bool = False
    draft: bool = False
    relaxed: bool = False
    group: str = ""
    webhook: Webhook | None = None
    cache_key: str | None = None


class Progress(NamedTuple):
    """How far an attempt says it is; `total` None means that nobody knows."""

    done: float
    total: float | None
    note: str
    at: int


class Job(NamedTuple):
    """A job as it is in the store; `reason` says why it waits and is None when it does not.

    `cached_from` is the job whose result it took instead of being done.
    """

    id: int
    owner: str
    kind: str
    name: str
    state: State
    reason: Reason | None
    generation: int
    attempts: int
    priority: int
    labels: tuple[str, ...]
    resources: dict[str, float]
    spec: dict[str, Any]
    extra: dict[str, Any]
    result: Any
    error: dict[str, Any] | None
    retry: Retry
    not_before: int | None
    deadline: int | None
    timeout: float | None
    parent: int | None
    array_index: int | None
    idempotency_key: str | None
    service: bool
    relaxed: bool
    created: int
    due: int | None
    started: int | None
    ended: int | None
    progress: Progress | None
    external_ids: dict[str, str]
    group: str = ""
    webhook: Webhook | None = None
    cache_key: str | None = None
    cached_from: int | None = None


class Attempt(NamedTuple):
    """One try at a job; `fence` grows with every lease of the job, `number` within its generation."""

    job: int
    fence: int
    generation: int
    number: int
    state: State
    worker: str
    host: str
    leased: int
    started: int | None
    ended: int | None
    expires: int | None
    exit_code: int | None
    peak_memory: int | None
    error: dict[str, Any] | None
    log: str | None
    facts: dict[str, Any] | None = None


class Generation(NamedTuple):
    """How an earlier generation of a job ended, kept when it was run again."""

    job: int
    generation: int
    state: State
    attempts: int
    started: int | None
    ended: int | None
    error: dict[str, Any] | None
    result: Any


@dataclass(frozen=True, slots=True)
class WorkerId:
    """Who asks for work: a name that is its own among all workers, and the host it runs on."""

    name: str
    host: str = ""


class Lease(NamedTuple):
    """The right to work on a job until `expires`; `token` proves it and is refused once it is stale."""

    job_id: int
    generation: int
    attempt: int
    token: str
    kind: str
    owner: str
    name: str
    spec: dict[str, Any]
    extra: dict[str, Any]
    labels: tuple[str, ...]
    resources: dict[str, float]
    timeout: float | None
    deadline: int | None
    array_index: int | None
    service: bool
    relaxed: bool
    expires: int


class Outcome(NamedTuple):
    """How an attempt ended: succeeded, failed, cancelled or lost.

    `error` is {"kind": error|timeout|lost|memory|exit|..., "type": exception class, "message": text};
    `peak_memory` is in bytes; `log` is a storage key; `facts` is what the runner tells beside the result
    (artifacts, what makes the run reproducible).
    """

    state: State
    result: Any = None
    error: Mapping[str, Any] | None = None
    exit_code: int | None = None
    peak_memory: int | None = None
    log: str | None = None
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A token whose work must stop, and why."""

    token: str
    reason: Literal["cancelled", "stale", "timeout", "deadline"]
