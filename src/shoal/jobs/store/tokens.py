"""Fencing tokens: the right to speak for one attempt.

A token is `job.fence.secret`. The fence grows with every lease of the job, so a token is stale as soon as
the job is leased again or has ended. The store keeps only a hash of the secret.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, select
from sqlalchemy import text as sql

from shoal.base.transaction import one_of
from shoal.jobs.store.tables import IS_ACTIVE, attempts, jobs


class Token(NamedTuple):
    """The parts of a token."""

    job: int
    fence: int
    secret: str


_ACTIVE: Select[Any] = (
    select(
        jobs.c.id, jobs.c.owner, jobs.c.kind, jobs.c.state, jobs.c.fence, jobs.c.rank, jobs.c.priority,
        jobs.c.attempts, jobs.c.service, jobs.c.retry, jobs.c.timeout, jobs.c.deadline, jobs.c.started,
        *(attempts.c[name].label(f"attempt_{name}") for name in ("secret", "worker", "started", "stop_at")),
    )
    .join(attempts, and_(attempts.c.job == jobs.c.id, attempts.c.fence == jobs.c.fence))
    .where(sql(f"jobs.{IS_ACTIVE}"))
    .order_by(jobs.c.id)
)  # fmt: skip
_HELD = _ACTIVE.where(one_of(jobs.c.id, "ids"))
_HELD_LOCKED = _HELD.with_for_update(of=jobs)


def new_secret() -> str:
    """Return what makes a token impossible to guess (96 bits)."""
    return secrets.token_urlsafe(12)


def digest(secret: str) -> str:
    """Return what the store keeps of a secret."""
    return blake2b(secret.encode(), digest_size=16).hexdigest()


def parse(token: str) -> Token | None:
    """Return the parts of a token, or None when it is none."""
    job, _, rest = token.partition(".")
    fence, _, secret = rest.partition(".")
    if not (_is_count(job) and _is_count(fence)):
        return None
    return Token(int(job), int(fence), secret)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19  # fits in 64 bits


def active() -> Select[Any]:
    """Return the query for active jobs with their present attempts, in the order in which they are locked."""
    return _ACTIVE


def held(conn: Connection, tokens: Sequence[str], *, lock: bool) -> dict[str, Row[Any]]:
    """Return for each token that is not stale its job, with columns of its attempt as `attempt_...`."""
    parsed = {token: parts for token in tokens if (parts := parse(token)) is not None}
    if not parsed:
        return {}
    ids = sorted({parts.job for parts in parsed.values()})
    found = {row.id: row for row in conn.execute(_HELD_LOCKED if lock else _HELD, {"ids": ids}).all()}
    return {
        token: row
        for token, parts in parsed.items()
        if (row := found.get(parts.job)) is not None
        and row.fence == parts.fence
        and compare_digest(row.attempt_secret, digest(parts.secret))
    }
