"""Lanes: all jobs of one owner, kind and group that ask the same of a worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, select, text

from shoal.base.prepared import Prepared
from shoal.base.transaction import insert_into, one_of
from shoal.jobs.store.tables import lanes


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """What decides who may take a job; `labels` are sorted, `resources` are amounts by name.

    `served` is when it last gave a job while several owners wanted to.
    """

    id: int
    owner: str
    kind: str
    labels: tuple[str, ...]
    resources: dict[str, float]
    group: str = ""
    served: int = 0

    def fits(
        self, labels: frozenset[str], resources: Mapping[str, float], kinds: Sequence[str] | None
    ) -> bool:
        """Say whether a worker with these labels and free resources, doing these kinds, may take its jobs."""
        return (
            (kinds is None or self.kind in kinds)
            and labels.issuperset(self.labels)
            and all(resources.get(name, 0.0) >= amount for name, amount in self.resources.items())
        )


_COLUMNS = tuple(lanes.c[name] for name in ("id", "owner", "kind", "labels", "resources", "group", "served"))
# Hops from lane to lane in the index of ready jobs, so its cost is the number of lanes, not of jobs.
_READY = Prepared(
    text(
        """
    WITH RECURSIVE hop(lane) AS (
        SELECT (SELECT lane FROM jobs WHERE waits = 'ready' ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT lane FROM jobs WHERE waits = 'ready' AND lane > hop.lane ORDER BY lane LIMIT 1)
        FROM hop WHERE hop.lane IS NOT NULL
    )
    SELECT l.id, l.owner, l.kind, l.labels, l.resources, l."group", l.served
    FROM hop JOIN job_lanes AS l ON l.id = hop.lane
    """
    ).columns(*_COLUMNS)
)

_BY_ID = Prepared(select(*_COLUMNS).where(one_of(lanes.c.id, "ids")), "ids")
_KNOWN = Prepared(select(lanes.c.key, lanes.c.id).where(one_of(lanes.c.key, "keys")), "keys")


def key_of(
    owner: str, kind: str, labels: Collection[str], resources: Mapping[str, float], group: str = ""
) -> str:
    """Return the text by which a lane is found."""
    parts = [owner, kind, sorted(set(labels)) if labels else [], dict(resources), *([group] if group else ())]
    return orjson.dumps(parts, option=orjson.OPT_SORT_KEYS).decode()


def ensure(conn: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Return the ids of lanes by key, and make those that are not there."""
    found = _known(conn, keys)
    if missing := [key for key in sorted(set(keys)) if key not in found]:
        insert = insert_into(conn, lanes).on_conflict_do_nothing(index_elements=["key"])
        conn.execute(insert, [_row(key) for key in missing])
        found |= _known(conn, missing)
    return found


def ready(conn: Connection) -> list[Lane]:
    """Return the lanes in which a job could be leased now."""
    return [to_lane(*row) for row in _READY.rows(conn)]


def by_id(conn: Connection, ids: Sequence[int]) -> dict[int, Lane]:
    """Return lanes by id."""
    return {row[0]: to_lane(*row) for row in _BY_ID.rows(conn, ids)}


def to_lane(
    id_: int,
    owner: str,
    kind: str,
    labels: Sequence[str],
    resources: dict[str, float],
    group: str,
    served: int,
) -> Lane:
    """Return a row of the table as a lane."""
    return Lane(id_, owner, kind, tuple(labels), resources, group, served)


def _known(conn: Connection, keys: Sequence[str]) -> dict[str, int]:
    return {key: id_ for key, id_ in _KNOWN.rows(conn, sorted(set(keys)))}


def _row(key: str) -> dict[str, object]:
    owner, kind, labels, resources, *group = orjson.loads(key)
    return {
        "key": key,
        "owner": owner,
        "kind": kind,
        "labels": labels,
        "resources": resources,
        "group": group[0] if group else "",
    }
