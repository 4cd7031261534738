"""What kinds of job there are: which function runs one, and what its result does to the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shoal.base.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shoal.jobs.model import Job, Lease

Record = Callable[["Connection", "Job", Any], None]
Mourn = Callable[["Connection", "Sequence[Job]"], None]
Answer = Callable[["Connection", int, Mapping[str, Any]], Any]  # the number is that of the job
Inputs = Callable[[Mapping[str, Any]], Sequence[str]]
_kinds: dict[str, Kind] = {}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job.

    `run` is "package.module:function", imported in worker processes only and called with (spec, context).
    `record` runs where the database is, inside the transaction that finishes a job well: what it writes is
    written exactly once. `mourn` runs inside the transaction in which jobs of the kind end for good without
    success, whatever ended them; kinds that share it are given to it together. `stumble` runs inside the
    transaction in which an attempt has failed and its job is to be tried again. `threads` is how many threads
    one run may use (`context.threads`). `inputs` tells from a spec the storage keys that a run reads, so that
    a machine without our storage can fetch them first. `charged` jobs count against their owner's quota.
    `elsewhere` is False for what only the house's own workers may do. `grace` is how many seconds a run that
    is told to stop may take to end its program, unless its spec says so itself (`kill_grace`).
    `answer` answers what a run asks (`context.ask`), in a transaction in which its lease is known to hold, so
    that a run may keep a journal where the database is; only the house's own workers can ask.
    """

    name: str
    run: str
    record: Record | None = None
    threads: int = 1
    mourn: Mourn | None = None
    stumble: Mourn | None = None
    inputs: Inputs | None = None
    charged: bool = False
    elsewhere: bool = True
    grace: float = 0.0
    answer: Answer | None = None


def register(kind: Kind) -> Kind:
    """Make a kind known; the same kind may be registered again.

    Raises:
        ValueError: another kind has this name, or `run` is not "module:function".
    """
    if _kinds.get(kind.name, kind) != kind:
        raise ValueError(f"job kind {kind.name} is registered twice")
    module, _, function = kind.run.partition(":")
    if not (module and function):
        raise ValueError(f"job kind {kind.name} needs run='module:function', not {kind.run!r}")
    _kinds[kind.name] = kind
    return kind


def get(name: str) -> Kind:
    """Return a kind by its name.

    Raises:
        NotFound: no such kind is registered in this process.
    """
    try:
        return _kinds[name]
    except KeyError:
        raise NotFound(f"There is no job kind {name!r} here.", kind=name) from None


def grace(lease: Lease) -> float:
    """Return the seconds that a job may take to end its program when it is told to stop."""
    kind = get(lease.kind)
    return float(lease.spec.get("kill_grace", kind.grace)) if kind.grace else 0.0


def not_elsewhere() -> list[str]:
    """Return the names of those that only the house's own workers may do."""
    return [name for name, kind in _kinds.items() if not kind.elsewhere]


def registered() -> Mapping[str, Kind]:
    """Return every kind by its name."""
    return MappingProxyType(_kinds)
