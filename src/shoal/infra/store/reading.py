"""Finding infrastructures, their machines, what happened, and node definitions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, tuple_

from shoal.base.errors import NotFound
from shoal.base.transaction import among
from shoal.infra.model import Happening, Infrastructure, Instance
from shoal.infra.states import Phase, State
from shoal.infra.store import rows
from shoal.infra.store.tables import definitions, happenings, infrastructures, instances

STANDS: ColumnElement[bool] = infrastructures.c.phase != Phase.DESTROYED.value
_THERE: ColumnElement[bool] = instances.c.state != State.DROPPED.value


def get(conn: Connection, id: str, *, lock: bool = False) -> Infrastructure:
    """Return an infrastructure; locked, nobody else changes it before the commit. Raises NotFound."""
    query = select(*rows.INFRASTRUCTURE).where(infrastructures.c.id == id)
    row = conn.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise missing(id)
    return rows.infrastructure_of(row)


def missing(id: str) -> NotFound:
    """Return what to raise when there is no such infrastructure."""
    return NotFound(f"There is no infrastructure {id[:40]}, or you may not see it.", infrastructure=id[:40])


def find(
    conn: Connection,
    owner: str | None = None,
    search: str = "",
    gone: bool = False,
    limit: int | None = None,
    after: str | None = None,
) -> list[Infrastructure]:
    """Return infrastructures, the newest first: those after the one with the id `after`.

    `search` is a part of a name or of an id, in any case; with `gone` the destroyed ones are among them.
    """
    created = (infrastructures.c.created, infrastructures.c.id)
    query = select(*rows.INFRASTRUCTURE).order_by(*(column.desc() for column in created)).limit(limit)
    if owner is not None:
        query = query.where(infrastructures.c.owner == owner)
    if not gone:
        query = query.where(STANDS)
    if search:
        names = (func.lower(infrastructures.c.name), infrastructures.c.id)
        query = query.where(or_(*(name.contains(search.lower(), autoescape=True) for name in names)))
    return [rows.infrastructure_of(row) for row in conn.execute(_from(query, after))]


def by_key(conn: Connection, owner: str, key: str) -> Infrastructure | None:
    """Return the infrastructure that an owner built under a key."""
    query = select(*rows.INFRASTRUCTURE).where(infrastructures.c.owner == owner, infrastructures.c.key == key)
    row = conn.execute(query).first()
    return None if row is None else rows.infrastructure_of(row)


def count(conn: Connection, owner: str) -> int:
    """Return how many infrastructures an owner has that are not destroyed."""
    return conn.execute(select(func.count()).where(infrastructures.c.owner == owner, STANDS)).scalar_one()


def phases(conn: Connection) -> dict[str, int]:
    """Return how many infrastructures there are, by phase."""
    query = select(infrastructures.c.phase, func.count()).group_by(infrastructures.c.phase)
    return {phase: n for phase, n in conn.execute(query)}


def states(conn: Connection) -> dict[str, int]:
    """Return how many machines there are, by state, without the dropped ones."""
    query = select(instances.c.state, func.count()).where(_THERE).group_by(instances.c.state)
    return {state: n for state, n in conn.execute(query)}


def counted(conn: Connection, ids: Sequence[str]) -> dict[str, dict[str, dict[str, int]]]:
    """Return how many machines some infrastructures have, by node and state, without the dropped ones."""
    found: dict[str, dict[str, dict[str, int]]] = {id_: {} for id_ in ids}
    if not ids:
        return found
    columns = (instances.c.infra, instances.c.node, instances.c.state)
    query = select(*columns, func.count()).where(among(conn, instances.c.infra, list(ids)), _THERE)
    for id_, node, state, n in conn.execute(query.group_by(*columns)):
        found[id_].setdefault(node, {})[state] = n
    return found


def machines(conn: Connection, infra: str, gone: bool = False) -> list[Instance]:
    """Return the instances of an infrastructure, the oldest first; with `gone` also the dropped ones."""
    return machines_of(conn, [infra], gone).get(infra, [])


def machines_of(conn: Connection, ids: Sequence[str], gone: bool = False) -> dict[str, list[Instance]]:
    """Return the instances of some infrastructures, each in the order of `machines`."""
    found: dict[str, list[Instance]] = {}
    if not ids:
        return found
    query = select(*rows.INSTANCE).where(among(conn, instances.c.infra, list(ids)))
    if not gone:
        query = query.where(_THERE)
    order = (instances.c.created, instances.c.node, instances.c.number, instances.c.id)
    for row in conn.execute(query.order_by(*order)):
        instance = rows.instance_of(row)
        found.setdefault(instance.infra, []).append(instance)
    return found


def ever(conn: Connection, home: str, owner: str | None) -> list[Instance]:
    """Return all instances that a home ever had; of one owner, or of all."""
    of = select(infrastructures.c.id).where(infrastructures.c.home == home)
    if owner is not None:
        of = of.where(infrastructures.c.owner == owner)
    return [
        rows.instance_of(row) for row in conn.execute(select(*rows.INSTANCE).where(instances.c.infra.in_(of)))
    ]


def instance(conn: Connection, infra: str, id: str) -> Instance:
    """Return an instance of an infrastructure, also a dropped one; raises NotFound."""
    row = conn.execute(select(*rows.INSTANCE).where(instances.c.infra == infra, instances.c.id == id)).first()
    if row is None:
        raise NotFound(f"The infrastructure has no instance {id[:40]}.", instance=id[:40])
    return rows.instance_of(row)


def happened(conn: Connection, infra: str, after: int = 0, limit: int = 1_000) -> list[Happening]:
    """Return what happened in an infrastructure, the oldest first."""
    query = select(*rows.HAPPENING).where(happenings.c.infra == infra, happenings.c.seq > after)
    return [Happening(*row) for row in conn.execute(query.order_by(happenings.c.seq).limit(limit))]


def latest(conn: Connection, infra: str, limit: int) -> list[Happening]:
    """Return what happened last in an infrastructure, the newest first."""
    query = select(*rows.HAPPENING).where(happenings.c.infra == infra)
    return [Happening(*row) for row in conn.execute(query.order_by(happenings.c.seq.desc()).limit(limit))]


def attached(conn: Connection, home: str, ids: Collection[str] | None = None) -> list[Infrastructure]:
    """Return what is to be healed by a home: attached, neither paused nor being destroyed; or some of it."""
    query = select(*rows.INFRASTRUCTURE).where(
        infrastructures.c.home == home,
        infrastructures.c.attached,
        ~infrastructures.c.paused,
        infrastructures.c.phase.not_in([Phase.DESTROYING.value, Phase.DESTROYED.value]),
    )
    if ids is not None:
        if not ids:
            return []
        query = query.where(among(conn, infrastructures.c.id, sorted(ids)))
    return [rows.infrastructure_of(row) for row in conn.execute(query.order_by(infrastructures.c.id))]


def unsettled(conn: Connection, home: str) -> list[Infrastructure]:
    """Return the infrastructures of a home whose newest wish a pass has yet to end on."""
    query = select(*rows.INFRASTRUCTURE).where(
        infrastructures.c.home == home,
        infrastructures.c.done < infrastructures.c.turn,
        ~infrastructures.c.paused,
    )
    return [rows.infrastructure_of(row) for row in conn.execute(query.order_by(infrastructures.c.id))]


def are_standing(conn: Connection, home: str) -> bool:
    """Say whether a home has infrastructures that are not destroyed."""
    query = select(infrastructures.c.id).where(infrastructures.c.home == home, STANDS).limit(1)
    return conn.execute(query).first() is not None


def known_definitions(conn: Connection, owner: str) -> dict[str, list[Any]]:
    """Return an owner's node definitions: the implementations of each type."""
    query = select(definitions.c.type, definitions.c.implementations).where(definitions.c.owner == owner)
    return {type_: implementations for type_, implementations in conn.execute(query)}


def _from(query: Select[Any], after: str | None) -> Select[Any]:
    if after is None:
        return query
    place = select(infrastructures.c.created, infrastructures.c.id).where(infrastructures.c.id == after)
    return query.where(
        tuple_(infrastructures.c.created, infrastructures.c.id)
        < select(*place.subquery().c).scalar_subquery()
    )
