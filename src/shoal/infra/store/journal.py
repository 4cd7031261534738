"""What passes and the keeper are told, and what they write down (`infra/passes/journal.py` says how)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from shoal.base import events
from shoal.base.errors import Conflict, InvalidInput
from shoal.base.schema import dumps
from shoal.base.transaction import among, insert_into, now
from shoal.infra.model import Infrastructure, Instance
from shoal.infra.states import Phase, State
from shoal.infra.store import passing, reading, rows, telling, wishing
from shoal.infra.store.tables import infrastructures, instances
from shoal.jobs.store import reading as jobs

_FIXED = frozenset({"id", "infra", "node", "number", "created"})
_MAY_CHANGE = frozenset(Instance._fields) - _FIXED
_EVENTS = events.events.c


def answer(conn: Connection, job: int, question: Mapping[str, Any]) -> dict[str, Any]:
    """Answer what a pass or the keeper asks, in a transaction in which its lease holds.

    Raises:
        NotFound: the infrastructure is not there.
        InvalidInput: the question cannot be answered.
    """
    if question.get("op") == "attached":
        return _attached(conn, job, question["since"])
    if question.get("op") == "spots":
        return _spots(conn, question["home"], question["owner"])
    do = _ANSWERS.get(question.get("op", ""))
    if do is None:
        raise InvalidInput(f"Nobody knows the question {question.get('op')!r}.")
    return do(conn, reading.get(conn, question["infra"], lock=True), question)


def _state(conn: Connection, infra: Infrastructure, question: Mapping[str, Any]) -> dict[str, Any]:
    if question.get("turn") == infra.turn:
        return {"turn": infra.turn, "state": None, "paused": infra.paused}
    return {"turn": infra.turn, "state": _whole(infra, reading.machines(conn, infra.id))}


def _plan_instances(conn: Connection, infra: Infrastructure, question: Mapping[str, Any]) -> dict[str, Any]:
    given: Sequence[Mapping[str, Any]] = question["instances"]
    if question["turn"] != infra.turn or not given:
        return {"turn": infra.turn, "planned": []}
    if any(row["infra"] != infra.id for row in given):
        raise InvalidInput("A pass plans machines of its own infrastructure only.")
    conn.execute(insert_into(conn, instances).on_conflict_do_nothing(index_elements=["id"]), list(given))
    telling.moved(conn, infra, ({name: row[name] for name in ("id", "node", "state")} for row in given))
    _write(conn, infra, question)
    return {"turn": infra.turn, "planned": [row["id"] for row in given]}


def _changes(conn: Connection, infra: Infrastructure, question: Mapping[str, Any]) -> dict[str, Any]:
    given: Sequence[Mapping[str, Any]] = question["changes"]
    known = _states(conn, infra.id, [one["id"] for one in given])
    moment = now(conn)
    refused, moved = [], []
    gone: set[str] = set()
    for change in given:
        id_, was = change["id"], change.get("was")
        if id_ not in known or was not in (None, known[id_]):
            refused.append(id_)
            continue
        values = _values(change, known[id_], moment)
        conn.execute(update(instances).where(instances.c.id == id_).values(**values))
        known[id_] = values.get("state", known[id_])
        moved.append({"id": id_, "state": known[id_]})
        if known[id_] == State.DROPPED:
            gone.add(id_)
    if moved:
        telling.moved(conn, infra, moved)
    left = tuple(id_ for id_ in infra.condemned if id_ not in gone)
    is_new = any("state" in change for change in given if change["id"] not in refused)
    _write(conn, infra._replace(condemned=left), question, is_new=is_new)
    return {"turn": infra.turn, "refused": refused}


def _reached(conn: Connection, infra: Infrastructure, question: Mapping[str, Any]) -> dict[str, Any]:
    if question["turn"] != infra.turn:
        return {"turn": infra.turn, "reached": False}
    phase, moment = Phase(question["phase"]), now(conn)
    if infra.phase in (Phase.DESTROYING, Phase.DESTROYED) and phase is not Phase.DESTROYED:
        phase = infra.phase  # What shall go stays condemned, whatever went wrong.
    if phase is Phase.DESTROYED:
        if reading.machines(conn, infra.id):
            raise Conflict("There are machines yet, so the infrastructure is not destroyed.")
        passing.release(conn, infra.id)
        infra = infra._replace(ended=infra.ended or moment, attached=False, condemned=())
    telling.happened(conn, infra, question.get("happened", ()), moment)
    infra = infra._replace(phase=phase, done=infra.turn, error=question["error"], released=False)
    wishing.keep(conn, infra._replace(changed=moment))
    return {"turn": infra.turn, "reached": True}


def _heal(conn: Connection, infra: Infrastructure, question: Mapping[str, Any]) -> dict[str, Any]:
    is_stale = question["turn"] != infra.turn or infra.paused
    is_going = infra.phase in (Phase.DESTROYING, Phase.DESTROYED)
    if is_stale or is_going or passing.at_work(conn, infra):
        return {"turn": infra.turn, "healing": False}
    return {"turn": wishing.heal(conn, infra.id).turn, "healing": True}


def _attached(conn: Connection, job: int, since: int | None) -> dict[str, Any]:
    home = jobs.get(conn, job).spec["home"]
    number = events.last(conn)  # Before all else: what comes between is told again the next time.
    changed = None if since is None else _changed(conn, since)
    kept = reading.attached(conn, home, changed)
    there = reading.machines_of(conn, [infra.id for infra in kept])
    told = [
        _whole(infra, there.get(infra.id, [])) | {"working": passing.at_work(conn, infra)} for infra in kept
    ]
    left = sorted((changed or set()) - {infra.id for infra in kept})
    return {"number": number, "changed": told, "left": left}


def _places(conn: Connection, infra: Infrastructure, question: Mapping[str, Any]) -> dict[str, Any]:
    """Return where machines were ever asked for, and whether any was surely made there."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in reading.machines(conn, infra.id, gone=True):
        if one.tries or one.ref is not None:
            place = {"provider": one.provider, "place": dict(one.place), "made": False}
            kept = found.setdefault((one.provider, dumps(one.place)), place)
            kept["made"] |= one.ref is not None
    return {"turn": infra.turn, "places": [found[name] for name in sorted(found)]}


def _spots(conn: Connection, home: str, owner: str | None) -> dict[str, Any]:
    """Return where machines of a home have ever been, and all that are there by what we know."""
    there = reading.ever(conn, home, owner)
    spots = {
        (one.infra, one.provider, dumps(one.place)): {
            "infra": one.infra, "provider": one.provider, "place": dict(one.place)
        }
        for one in there
        if one.state is not State.PLANNED
    }  # fmt: skip
    return {
        "spots": [spots[name] for name in sorted(spots)],
        "known": sorted(one.id for one in there if one.state is not State.DROPPED),
    }


_ANSWERS = {
    "state": _state,
    "plan_instances": _plan_instances,
    "changes": _changes,
    "reached": _reached,
    "heal": _heal,
    "places": _places,
}


def _changed(conn: Connection, since: int) -> set[str]:
    query = select(_EVENTS.subject).where(_EVENTS.topic == telling.TOPIC, _EVENTS.seq > since)
    return set(conn.execute(query.distinct()).scalars())


def _whole(infra: Infrastructure, there: Sequence[Instance]) -> dict[str, Any]:
    return {"infrastructure": rows.values_of(infra), "instances": [rows.values_of(one) for one in there]}


def _states(conn: Connection, infra: str, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    query = select(instances.c.id, instances.c.state).where(
        instances.c.infra == infra, among(conn, instances.c.id, list(ids))
    )
    return {id_: state for id_, state in conn.execute(query)}


def _values(change: Mapping[str, Any], state: str, moment: int) -> dict[str, Any]:
    """Return what a change writes: its fields, and when the state came and the end, if it does not say."""
    values = {name: value for name, value in change.items() if name not in ("id", "was")}
    if unknown := set(values) - _MAY_CHANGE:
        raise InvalidInput(f"An instance's {', '.join(sorted(unknown))} cannot be changed.")
    to = State(values.get("state", state))
    if to != state:
        values = {"state": to.value, "since": moment, **values}
    if to is State.DROPPED:
        values = {"ended": moment, **values}
    return values


def _write(conn: Connection, infra: Infrastructure, question: Mapping[str, Any], is_new: bool = True) -> None:
    """Keep what happened; what makes plans stale counts as another version."""
    moment = now(conn)
    telling.happened(conn, infra, question.get("happened", ()), moment)
    version = infra.version + is_new
    condemned = list(infra.condemned)
    conn.execute(
        update(infrastructures)
        .where(infrastructures.c.id == infra.id)
        .values(version=version, condemned=condemned)
    )
