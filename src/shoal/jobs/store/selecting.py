"""Which jobs are meant: the filters by which jobs are found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection

from shoal.jobs.states import State
from shoal.jobs.store import equality, searching
from shoal.jobs.store.tables import jobs

# What a filter may name; keys that are none of these are looked for in the job's own `extra`.
SEARCHED = {
    name: jobs.c[name]
    for name in (
        "id", "owner", "kind", "name", "state", "priority", "generation", "attempts", "parent", "array_index",
        "created", "started", "ended", "deadline", "not_before", "cached_from", "spec", "result", "error",
        "extra",
    )
} | {searching.REST: jobs.c.extra}  # fmt: skip


class Filters(TypedDict, total=False):
    """What jobs must have; None and what is left out ask for nothing.

    `whole` leaves out the elements of arrays and the steps.
    `extra` asks for equality in the job's own `extra`, at any depth: `{"sample": {"site": 4}}`. `matching`
    is a filter with operators (`searching`) over the columns `SEARCHED`.
    """

    owners: Collection[str] | None
    states: Collection[State] | None
    kinds: Collection[str] | None
    name: str | None
    parent: int | None
    whole: bool
    extra: Mapping[str, Any] | None
    matching: Mapping[str, Any] | None


def conditions(conn: Connection, **filters: Unpack[Filters]) -> list[ColumnElement[bool]]:
    """Return the conditions that filters mean; raises InvalidInput when one cannot be searched for."""
    found: list[ColumnElement[bool]] = []
    if (owners := filters.get("owners")) is not None:
        found.append(jobs.c.owner.in_(list(owners)))
    if (states := filters.get("states")) is not None:
        found.append(jobs.c.state.in_(list(states)))
    if (kinds := filters.get("kinds")) is not None:
        found.append(jobs.c.kind.in_(list(kinds)))
    if (name := filters.get("name")) is not None:
        found.append(jobs.c.name == name)
    if (parent := filters.get("parent")) is not None:
        found.append(jobs.c.parent == parent)
    if filters.get("whole"):
        found.append(jobs.c.parent.is_(None))
    if extra := filters.get("extra"):
        found += equality.equal(conn, jobs.c.extra, extra)
    if matching := filters.get("matching"):
        found.append(searching.matching(conn, matching, SEARCHED))
    return found
