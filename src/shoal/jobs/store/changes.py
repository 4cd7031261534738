"""Telling the outbox what became of a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from shoal.base import events
from shoal.base.schema import dumps

TOPIC = "jobs"


def tell(conn: Connection, job: int, owner: str, kind: str, change: str, **data: Any) -> None:
    """Append an event about a job: `change` is its new state, or ready, progress, removed."""
    events.append(conn, TOPIC, str(job), change, {"owner": owner, "kind": kind, **data})


def tell_many(conn: Connection, changes: Iterable[tuple[int, str, str, str]]) -> None:
    """Append an event about each of many jobs, given as job, owner, kind and new state."""
    events.extend(
        conn, [(TOPIC, str(job), change, _whose(owner, kind)) for job, owner, kind, change in changes]
    )


@lru_cache(maxsize=256)
def _whose(owner: str, kind: str) -> str:
    """Return what `tell` writes of a job without more data, made once for jobs of the same sort."""
    return dumps({"owner": owner, "kind": kind})


def brief(error: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what an event says of an error."""
    return {} if error is None else {"error": error.get("message", "")}
