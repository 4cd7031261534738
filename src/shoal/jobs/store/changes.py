"""Telling the outbox what became of a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from shoal.base import events

TOPIC = "jobs"


def tell(conn: Connection, job: int, owner: str, kind: str, change: str, **data: Any) -> None:
    """Append an event about a job: `change` is its new state, or ready, progress, removed."""
    events.append(conn, TOPIC, str(job), change, {"owner": owner, "kind": kind, **data})


def brief(error: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what an event says of an error."""
    return {} if error is None else {"error": error.get("message", "")}
