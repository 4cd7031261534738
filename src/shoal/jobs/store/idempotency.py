"""Idempotency keys: the same submission sent twice makes one job."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import orjson
from sqlalchemy import Connection, select, text

from shoal.base.errors import Conflict, InvalidInput
from shoal.base.transaction import among, is_postgres
from shoal.jobs.model import NewJob
from shoal.jobs.store.tables import jobs

# Held until the commit, so that what was looked up stays true; keys belong to owners, so owners do not wait.
_LOCK = text("SELECT pg_advisory_xact_lock(1785686386, hashtext(:owner))")


def fingerprint(job: NewJob) -> str:
    """Return what two submissions under one key must agree in: the kind and the spec."""
    try:
        content = orjson.dumps([job.kind, job.spec], option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise InvalidInput(f"The spec cannot be kept as JSON: {error}.") from error
    return blake2b(content, digest_size=16).hexdigest()


def known(conn: Connection, owner: str, new: Sequence[NewJob]) -> dict[str, int]:
    """Return the jobs that the owner has submitted before under keys of this submission.

    Raises:
        Conflict: a key stands for another job.
    """
    prints = _fingerprints(new)
    if not prints:
        return {}
    if is_postgres(conn):
        conn.execute(_LOCK, {"owner": owner})
    query = select(jobs.c.idempotency_key, jobs.c.id, jobs.c.fingerprint).where(
        jobs.c.owner == owner,
        jobs.c.idempotency_key.is_not(None),
        among(conn, jobs.c.idempotency_key, list(prints)),
    )
    found: dict[str, int] = {}
    for key, id_, print_ in conn.execute(query):
        if print_ != prints[key]:
            raise _conflict(key)
        found[key] = id_
    return found


def _fingerprints(new: Sequence[NewJob]) -> dict[str, str]:
    prints: dict[str, str] = {}
    for job in new:
        if job.idempotency_key is not None:
            print_ = fingerprint(job)
            if prints.setdefault(job.idempotency_key, print_) != print_:
                raise _conflict(job.idempotency_key)
    return prints


def _conflict(key: str) -> Conflict:
    return Conflict(
        f"The idempotency key {key!r} stands for another job.",
        hint="Send the same kind and spec again, or choose another key.",
        idempotency_key=key,
    )
