"""Studies in lists for people: one page of those that fit a filter, and how many there are."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from shoal.studies.model import Study
from shoal.studies.store.browsing import Direction, StudyFilter, StudySort, studies_like
from shoal.studies.store.stored import settled_studies
from shoal.studies.store.tables import studies


def study_page(
    conn: Connection,
    wanted: StudyFilter,
    *,
    sort: StudySort = "created",
    order: Direction = "desc",
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[Study], int]:
    """Return one page of studies, and how many there are in all."""
    query = studies_like(wanted)
    total = conn.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    column = func.lower(studies.c.name) if sort == "name" else studies.c[sort]
    direction = column.desc() if order == "desc" else column.asc()
    ordered = query.order_by(column.is_(None), direction, studies.c.id)
    return settled_studies(conn, ordered.offset(offset).limit(limit)), total
