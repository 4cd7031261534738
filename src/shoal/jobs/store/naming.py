"""The ids by which the faces of older systems know jobs."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from shoal.base.errors import Conflict
from shoal.jobs.store.tables import externals


def record(conn: Connection, named: Mapping[int, Mapping[str, str]]) -> None:
    """Keep the external ids (face -> id) of jobs.

    Raises:
        Conflict: one belongs to another job, or to the same one already.
    """
    rows = [
        {"face": face, "external_id": external_id, "job": job}
        for job, names in named.items()
        for face, external_id in names.items()
    ]
    if not rows:
        return
    try:
        conn.execute(insert(externals), rows)
    except IntegrityError as error:
        raise Conflict("An external id of this submission belongs to another job.") from error


def add(conn: Connection, job: int, names: Mapping[str, str]) -> None:
    """Keep those external ids of a job that it does not have yet; raises Conflict as `record` does."""
    query = select(externals.c.face, externals.c.external_id).where(externals.c.job == job)
    known = {(face, id_) for face, id_ in conn.execute(query)}
    record(conn, {job: {face: id_ for face, id_ in names.items() if (face, id_) not in known}})
