"""What workers and the house say to each other, as JSON, whatever carries it.

A worker registers, is handed leases, and says heartbeat, log, progress, artifact and finish; a job may ask
the house something and is told. The house may recall leases that are not begun and order a job to stop. Every
message about a job carries the lease's token: one under a token that is no longer valid is refused. The two
messages that every job needs are not frozen, for that triples the time to make one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Registered:
    """A worker is ready."""

    pid: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A worker lives, whatever its job does."""


@dataclass(frozen=True, slots=True)
class Log:
    """Text for a job's log; its stream is `o` (stdout), `e` (stderr) or `s` (what Shoal says)."""

    token: str
    text: str
    stream: str = "s"


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes for a job's log that are no UTF-8, in base64."""

    token: str
    data: str
    stream: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is."""

    token: str
    done: float
    total: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a job wrote durably to storage."""

    token: str
    name: str
    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that a job puts to the house (`Kind.answer`); `number` tells its questions apart."""

    token: str
    number: int
    question: dict[str, Any]


@dataclass(slots=True)
class Finish:
    """How a job ended; `state` is succeeded, failed or cancelled.

    `exit_code` is that of the program it ran, if it ran one; `facts` is what `Outcome.facts` says.
    """

    token: str
    state: str
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    seconds: float
    peak_memory: int | None
    exit_code: int | None = None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """Leases that were recalled before the worker began them."""

    tokens: list[str]


@dataclass(slots=True)
class Assignment:
    """One lease, as the worker needs it."""

    token: str
    job_id: int
    generation: int
    attempt: int
    name: str
    run: str
    threads: int
    spec: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Assign:
    """Leases to work off in this order."""

    leases: list[Assignment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recall:
    """Hand back the leases that are not begun."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End this job soon: it was cancelled, its time is up, or the house closes."""

    token: str
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a question; `error` has `code`, `message`, `hint` and `status` when there is none."""

    token: str
    number: int
    answer: Any = None
    error: dict[str, Any] | None = None


FromWorker = Registered | Heartbeat | Log | Raw | Progress | Artifact | Ask | Finish | Returned
FromHouse = Assign | Recall | Stop | Told
Message = FromWorker | FromHouse

_TYPES: dict[str, type[Message]] = {
    kind.__name__.lower(): kind
    for kind in (
        Registered, Heartbeat, Log, Raw, Progress, Artifact, Ask, Finish, Returned,
        Assign, Recall, Stop, Told,
    )
}  # fmt: skip


def encode(message: Message) -> bytes:
    """Return a message as JSON bytes.

    Raises:
        TypeError: something in it has no JSON form.
    """
    tagged = [type(message).__name__.lower(), message]
    return orjson.dumps(tagged, option=orjson.OPT_SERIALIZE_NUMPY)


def decode(frame: bytes) -> Message:
    """Return the message in a frame.

    Raises:
        ValueError: the frame is not a message of this protocol.
    """
    try:
        tag, body = orjson.loads(frame)
        if tag == "assign":
            return Assign([Assignment(**lease) for lease in body["leases"]])
        return _TYPES[tag](**body)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a message of the worker protocol: {frame[:200]!r}") from error
