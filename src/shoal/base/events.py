"""What happened, in the order in which it became true: an outbox that rooms write and readers resume from.

An event is appended inside the transaction that makes it true. `append` only collects; the database
writes what was collected as the last act of the transaction, so that on PostgreSQL the lock that makes
sequence numbers follow the order of commits is held for an instant, and never while another lock is awaited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Identity, Index, Table, Text, delete, func, insert, select, text

from shoal.base import clock
from shoal.base.bulk import Bulk
from shoal.base.schema import Json, Serial, Time, dumps, metadata
from shoal.base.transaction import DATABASE_CLOCK, is_postgres

CHANNEL = "shoal_events"
_LOCK = 0x53484F414C  # "SHOAL": whoever holds it gives out the next sequence numbers.

events = Table(
    "events",
    metadata,
    Column("seq", Serial, Identity(), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Json, nullable=False),
    Column("at", Time, nullable=False),
    Index("ix_events_topic", "topic", "subject", "seq"),
    sqlite_autoincrement=True,
)
_INSERT = Bulk(insert(events), "topic", "subject", "kind", "data", "at")
_ORDER = text(f"SELECT pg_advisory_xact_lock({_LOCK}), pg_notify('{CHANNEL}', ''), {DATABASE_CLOCK}")

_NUDGE = text(f"SELECT pg_notify('{CHANNEL}', '')")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `seq` is the token from which a reader resumes."""

    seq: int
    topic: str
    subject: str
    kind: str
    data: dict[str, Any]
    at: int


def append(conn: Connection, topic: str, subject: str, kind: str, data: Mapping[str, Any]) -> None:
    """Collect an event; it becomes visible when the transaction commits."""
    extend(conn, [(topic, subject, kind, dumps(data))])


def extend(conn: Connection, rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Collect many events, each as topic, subject, kind and data as JSON text."""
    conn.info.setdefault("events", []).extend(rows)


def flush(conn: Connection) -> bool:
    """Write the collected events and say whether there were any; called by the database before it commits."""
    rows = conn.info.pop("events", None)
    if not rows:
        return False
    at = conn.execute(_ORDER).one()[2] if is_postgres(conn) else clock.now()
    _INSERT.run(conn, [(*row, at) for row in rows])
    return True


def discard(conn: Connection) -> None:
    """Forget the collected events of a transaction that is rolled back."""
    conn.info.pop("events", None)


def nudge(conn: Connection) -> None:
    """Wake the subscribers of every server when the transaction commits, without an event."""
    if is_postgres(conn):
        conn.execute(_NUDGE)


def after(
    conn: Connection,
    seq: int,
    topics: Sequence[str] | None = None,
    limit: int = 1000,
    *,
    subject: str | None = None,
) -> list[Event]:
    """Return the events after a sequence number, oldest first; none with a lower number can appear later."""
    query = select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(limit)
    if topics is not None:
        query = query.where(events.c.topic.in_(topics))
    if subject is not None:
        query = query.where(events.c.subject == subject)
    return [Event(*row) for row in conn.execute(query)]


def before(
    conn: Connection, seq: int, topic: str, limit: int = 1000, *, subject: str | None = None
) -> list[Event]:
    """Return the events of a topic with lower sequence numbers that are still kept, the newest first."""
    query = select(events).where(events.c.seq < seq, events.c.topic == topic)
    if subject is not None:
        query = query.where(events.c.subject == subject)
    return [Event(*row) for row in conn.execute(query.order_by(events.c.seq.desc()).limit(limit))]


def last(conn: Connection) -> int:
    """Return the newest sequence number, 0 when nothing has happened."""
    return conn.execute(select(func.max(events.c.seq))).scalar_one() or 0


def forget(conn: Connection, before: int) -> int:
    """Delete the events older than a time and return how many; numbers are never given out again."""
    return conn.execute(delete(events).where(events.c.at < before)).rowcount
