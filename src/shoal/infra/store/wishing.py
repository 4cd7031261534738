"""What somebody wishes of an infrastructure: each is one change of its row, and a pass that makes it so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, update

from shoal.base.errors import Conflict
from shoal.base.transaction import insert_into, now
from shoal.infra.deciding.targets import Wish, scaled, wanted
from shoal.infra.errors import Destroyed, StalePlan, TooManyInfrastructures, TooManyMachines
from shoal.infra.model import Description, Infrastructure
from shoal.infra.plain import description_of
from shoal.infra.states import Phase
from shoal.infra.store import passing, reading, rows, telling
from shoal.infra.store.tables import infrastructures


class Bounds(NamedTuple):
    """How many infrastructures an owner, and how many machines an infrastructure may have."""

    infrastructures: int
    machines: int


def build(conn: Connection, new: Infrastructure, bounds: Bounds, key: str | None = None) -> Infrastructure:
    """Add an infrastructure and its first pass, or return what its owner built under this key before.

    Raises:
        TooManyInfrastructures, TooManyMachines: there would be more than there may be.
    """
    if key is not None and (known := reading.by_key(conn, new.owner, key)) is not None:
        return known
    if reading.count(conn, new.owner) >= bounds.infrastructures:
        raise TooManyInfrastructures(new.owner, bounds.infrastructures)
    _check_size(description_of(new.description), {}, bounds.machines)
    moment = now(conn)
    new = new._replace(phase=Phase.NEW, turn=0, done=0, created=moment, changed=moment)
    added = insert_into(conn, infrastructures).values(key=key, **rows.values_of(new)).on_conflict_do_nothing()
    if not conn.execute(added).rowcount:
        raise Conflict("Another request with this key is being answered.", hint="Send it again.")
    passing.serialise(conn, new.id)
    return _wished(conn, new, "infrastart")


def update_to(
    conn: Connection,
    id: str,
    description: Mapping[str, Any],
    *,
    machines: int,
    version: int | None = None,
) -> Infrastructure:
    """Give an infrastructure another description; with `version`, only if nothing has changed since.

    Raises:
        NotFound: there is no such infrastructure; Destroyed: it is being destroyed.
        StalePlan: it has another version.
        TooManyMachines: there would be more than there may be.
    """
    infra = _open(conn, id)
    if version is not None and infra.version != version:
        raise StalePlan("Something has changed since the plan was made.", hint="Make another plan.")
    described = description_of(description)
    targets = {name: wanted(described, infra.targets, name) for name in infra.targets if described.node(name)}
    _check_size(described, targets, machines)
    changed = infra._replace(description=description, name=description["name"], targets=targets)
    return _wished(conn, changed, "infraupdated")


def scale(
    conn: Connection,
    id: str,
    node: str,
    *,
    to: int | None = None,
    by: int | None = None,
    drop: str | None = None,
    machines: int,
) -> Infrastructure:
    """Change how many machines a node shall have; raises as `deciding.targets.scaled`, and Destroyed."""
    infra = _open(conn, id)
    description, wish = description_of(infra.description), Wish(infra.targets, infra.condemned)
    wish = scaled(description, wish, reading.machines(conn, id), node, to=to, by=by, drop=drop)
    _check_size(description, wish.targets, machines)
    changed = infra._replace(targets=wish.targets, condemned=wish.condemned)
    detail = {name: value for name, value in (("to", to), ("by", by), ("drop", drop)) if value is not None}
    return _wished(conn, changed, "infrascaled", node=node, detail=detail)


def heal(conn: Connection, id: str) -> Infrastructure:
    """Ask for a pass; of one that is being destroyed, for one that goes on with that.

    Raises:
        NotFound: there is no such infrastructure; Destroyed: all of it is gone.
    """
    infra = reading.get(conn, id, lock=True)
    if infra.phase is Phase.DESTROYED:
        raise _destroyed(infra)
    return _wished(conn, infra, "infraheal")


def destroy(conn: Connection, id: str) -> Infrastructure:
    """Let all of an infrastructure go, also one that is paused; may be asked for again and again."""
    infra = reading.get(conn, id, lock=True)
    if infra.phase is Phase.DESTROYED:
        return infra
    gone = infra._replace(phase=Phase.DESTROYING, paused=False, attached=False)
    return _wished(conn, gone, "infradrop")


def attach(conn: Connection, id: str, attached: bool) -> Infrastructure:
    """Let an infrastructure be healed, or no longer; raises Conflict when it is so already."""
    infra = _open(conn, id)
    if attached and infra.attached:
        raise Conflict(f"{infra.name} is attached already.", code="already_attached", infrastructure=id)
    if not attached and not infra.attached:
        raise Conflict(f"{infra.name} is detached already.", code="already_detached", infrastructure=id)
    return _marked(conn, infra._replace(attached=attached), "attached" if attached else "detached")


def pause(conn: Connection, id: str, paused: bool) -> Infrastructure:
    """Let nothing be done to an infrastructure, or go on with what is wished; the same again is no fault."""
    infra = _open(conn, id)
    if infra.paused is paused:
        return infra
    # A new turn is what a pass that is at work notices.
    return _wished(conn, infra._replace(paused=paused), "paused" if paused else "resumed")


def release(conn: Connection, id: str) -> Infrastructure:
    """Let those failing machines be replaced that the brake holds back; raises as `heal`."""
    return _wished(conn, _open(conn, id)._replace(released=True), "released")


def check_stands(infra: Infrastructure) -> Infrastructure:
    """Return an infrastructure that may be wished of; raises Destroyed."""
    if infra.phase in (Phase.DESTROYING, Phase.DESTROYED):
        raise _destroyed(infra)
    return infra


def keep(conn: Connection, infra: Infrastructure) -> Infrastructure:
    """Write an infrastructure's row and tell that it has changed."""
    values = {name: value for name, value in rows.values_of(infra).items() if name != "id"}
    conn.execute(update(infrastructures).where(infrastructures.c.id == infra.id).values(**values))
    telling.changed(conn, infra)
    return infra


def _wished(
    conn: Connection,
    infra: Infrastructure,
    kind: str,
    node: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Infrastructure:
    """Begin a new turn and ask for a pass; one that is paused gets its pass when it goes on."""
    moment = now(conn)
    stays = infra.paused or infra.phase is Phase.DESTROYING
    phase = infra.phase if stays else Phase.BUILDING
    infra = infra._replace(
        phase=phase, turn=infra.turn + 1, version=infra.version + 1, error=None, changed=moment
    )
    before = infra.job
    if not infra.paused:
        infra = infra._replace(job=passing.submit(conn, infra, kind))
    happening = {"kind": kind, "node": node, "detail": {"turn": infra.turn, **(detail or {})}}
    telling.happened(conn, infra, [happening], moment)
    keep(conn, infra)
    if before is not None and before != infra.job:
        passing.supersede(conn, before)
    return infra


def _marked(conn: Connection, infra: Infrastructure, kind: str) -> Infrastructure:
    """Write what makes no new turn."""
    moment = now(conn)
    telling.happened(conn, infra, [{"kind": kind}], moment)
    return keep(conn, infra._replace(changed=moment))


def _open(conn: Connection, id: str) -> Infrastructure:
    """Return an infrastructure, locked, that is not being destroyed."""
    return check_stands(reading.get(conn, id, lock=True))


def _destroyed(infra: Infrastructure) -> Destroyed:
    word = "is destroyed" if infra.phase is Phase.DESTROYED else "is being destroyed"
    return Destroyed(f"{infra.name} ({infra.id}) {word}.", hint="Build another.", infrastructure=infra.id)


def _check_size(description: Description, targets: Mapping[str, int], machines: int) -> None:
    number = sum(wanted(description, targets, node.name) for node in description.nodes)
    if number > machines:
        raise TooManyMachines(number, machines)
