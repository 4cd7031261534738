"""Fencing tokens: the right to speak for one attempt.

A token is `job.fence.secret`. The fence grows with every lease of the job, so a token is stale as soon as
the job is leased again or has ended. The store keeps only a hash of the secret.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, select
from sqlalchemy import text as sql

from shoal.base.prepared import Prepared
from shoal.base.transaction import one_of
from shoal.jobs.store.tables import IS_ACTIVE, attempts, jobs


class Token(NamedTuple):
    """The parts of a token."""

    job: int
    fence: int
    secret: str


class Active(NamedTuple):
    """An active job and its present attempt."""

    id: int
    owner: str
    kind: str
    state: str
    fence: int
    rank: int
    priority: int
    attempts: int
    service: bool
    retry: dict[str, Any] | None
    timeout: float | None
    deadline: int | None
    started: int | None
    webhook: dict[str, Any] | None
    attempt_secret: str
    attempt_worker: str
    attempt_started: int | None
    attempt_stop_at: int | None


_ACTIVE: Select[Any] = (
    select(
        *(
            attempts.c[name.removeprefix("attempt_")] if name.startswith("attempt_") else jobs.c[name]
            for name in Active._fields
        )
    )
    .join(attempts, and_(attempts.c.job == jobs.c.id, attempts.c.fence == jobs.c.fence))
    .where(sql(f"jobs.{IS_ACTIVE}"))
    .order_by(jobs.c.id)
)
_AMONG = _ACTIVE.where(one_of(jobs.c.id, "ids"))
_HELD = Prepared(_AMONG, "ids")
_HELD_LOCKED = Prepared(_AMONG.with_for_update(of=jobs), "ids")
_TOKEN = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.(.*)", re.ASCII | re.DOTALL).fullmatch  # 64 bits
_DIGITS = 24  # hexadecimal: 96 bits


def new_secrets(n: int) -> list[str]:
    """Return what makes tokens impossible to guess; the system is asked once for all."""
    drawn = secrets.token_hex(n * _DIGITS // 2)
    return [drawn[at : at + _DIGITS] for at in range(0, len(drawn), _DIGITS)]


def digest(secret: str) -> str:
    """Return what the store keeps of a secret."""
    return blake2b(secret.encode(), digest_size=16).hexdigest()


def parse(token: str) -> Token | None:
    """Return the parts of a token, or None when it is none."""
    found = _TOKEN(token)
    return None if found is None else Token(int(found[1]), int(found[2]), found[3])


def active() -> Select[Any]:
    """Return the query for active jobs with their present attempts, in the order in which they are locked."""
    return _ACTIVE


def held(conn: Connection, tokens: Sequence[str], *, lock: bool) -> dict[str, Active]:
    """Return for each token that is not stale its job and attempt."""
    parsed = {token: parts for token in tokens if (parts := parse(token)) is not None}
    if not parsed:
        return {}
    ids = sorted({parts.job for parts in parsed.values()})
    rows = (_HELD_LOCKED if lock else _HELD).rows(conn, ids)
    found = {row[0]: Active._make(row) for row in rows}
    return {
        token: row
        for token, parts in parsed.items()
        if (row := found.get(parts.job)) is not None
        and row.fence == parts.fence
        and compare_digest(row.attempt_secret, digest(parts.secret))
    }
