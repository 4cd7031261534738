"""Making, changing and forgetting live tasks: the state is decided here, in one transaction each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from shoal.base import events
from shoal.base.transaction import insert_into, now
from shoal.live.errors import LiveConflict, TooManyTasks
from shoal.live.model import Fault, LiveEvent, LiveTask, Wish
from shoal.live.plain import plain
from shoal.live.states import Act, State, step, told
from shoal.live.store.reading import by_key, count, events_of, get
from shoal.live.store.tables import live_events, tasks

TOPIC = "live"


def add(conn: Connection, task: LiveTask, limit: int, key: str | None = None) -> LiveTask:
    """Add a task, or return the one that its owner made under this key before.

    Raises:
        TooManyTasks: the owner has as many as may be.
    """
    if key is not None and (known := by_key(conn, task.owner, key)) is not None:
        return known
    if count(conn, task.owner) >= limit:
        raise TooManyTasks(task.owner, limit)
    moment = now(conn)
    task = replace(task, created=moment, changed=moment)
    conn.execute(insert(tasks).values(id=task.id, owner=task.owner, created=moment, key=key, **_values(task)))
    _tell(conn, task, "created")
    return task


def act(conn: Connection, id: str, what: Act, rows: int) -> LiveTask:
    """Do what somebody asks of a task that was sent so many rows.

    Raises:
        NotFound: there is no such task.
        LiveConflict: its state does not allow that.
    """
    task = get(conn, id, lock=True)
    done = step(task.state, what)
    if done.refused is not None:
        raise LiveConflict(done.refused, id)
    return (
        task
        if done.to is None
        else _keep(conn, _entered(task, done.to, done.then, done.anew, rows, now(conn)))
    )


def tell(
    conn: Connection, id: str, run: int, turn: int | None, said: State, fault: Fault | None, rows: int
) -> LiveTask | None:
    """Record what a host says of a run; None when that is out of date or changes nothing."""
    task = get(conn, id, lock=True)
    if run != task.run or (turn is not None and turn < task.turn):
        return None
    to = told(task.state, task.then, said)
    if to is None:
        return None
    entered = _entered(task, to, None, False, rows, now(conn))
    return _keep(conn, replace(entered, error=fault if to is State.FINISHED else None))


def reconfigure(conn: Connection, id: str, wish: Wish) -> LiveTask:
    """Give a task another wish; raises NotFound."""
    task = replace(get(conn, id, lock=True), wish=wish, changed=now(conn))
    return _keep(conn, task, "reconfigured")


def count_rows(conn: Connection, counts: Sequence[Mapping[str, Any]]) -> None:
    """Note how many rows tasks have: `id`, `rows` and `dim` each."""
    for each in counts:
        values = {"rows": each["rows"], "dim": each["dim"]}
        conn.execute(update(tasks).where(tasks.c.id == each["id"]).values(**values))


def forget(conn: Connection, id: str) -> LiveTask:
    """Delete a task and what happened in it; raises NotFound."""
    task = get(conn, id, lock=True)
    conn.execute(delete(tasks).where(tasks.c.id == id))
    conn.execute(delete(live_events).where(live_events.c.task == id))
    _tell(conn, task, "deleted")
    return task


def record(conn: Connection, id: str, found: Sequence[Mapping[str, Any]]) -> list[LiveEvent]:
    """Record what happened in a task, each once by its `name`; return what was not known."""
    owner = get(conn, id).owner
    added = []
    statement = insert_into(conn, live_events).on_conflict_do_nothing(index_elements=["task", "name"])
    for one in found:
        seq = conn.execute(statement.returning(live_events.c.seq), {**one, "task": id}).scalar()
        if seq is not None:
            added += events_of(conn, id, seq - 1, 1)
            data = {"owner": owner, "run": one["run"], "row": one["row"], "detail": one["detail"], "seq": seq}
            events.append(conn, TOPIC, id, one["kind"], data)
    return added


def forget_events(conn: Connection, before: int) -> int:
    """Forget what happened in tasks before a time; returns how many events there were."""
    return conn.execute(delete(live_events).where(live_events.c.at < before)).rowcount


def _entered(task: LiveTask, to: State, then: State | None, anew: bool, rows: int, moment: int) -> LiveTask:
    """Return a task in its next state."""
    if to is State.FINISHED or (to is State.READY and task.state is State.RUNNING):
        task = replace(task, ended=moment)
    task = replace(task, state=to, then=then, changed=moment, rows=max(rows, task.rows))
    if to is State.INITIALIZING:
        base, played = (task.rows, task.rows) if anew else (task.base, task.played_row)
        task = replace(task, run=task.run + 1, base=base, played_row=played, error=None, ended=None)
    if to is State.RUNNING:
        task = replace(task, turn=task.turn + 1, played=moment, played_row=task.rows, ended=None)
    return replace(task, pushed=task.rows - task.base)


def _keep(conn: Connection, task: LiveTask, kind: str = "state") -> LiveTask:
    conn.execute(update(tasks).where(tasks.c.id == task.id).values(**_values(task)))
    _tell(conn, task, kind)
    return task


def _values(task: LiveTask) -> dict[str, Any]:
    code, error = task.error or (None, None)
    return {
        "name": task.wish.name,
        "wish": plain(task.wish),
        "state": task.state.value,
        "next": task.then.value if task.then else None,
        "error_code": code,
        "error": error,
        "run": task.run,
        "turn": task.turn,
        "dim": task.dim,
        "rows": task.rows,
        "base": task.base,
        "played_row": task.played_row,
        "changed": task.changed,
        "played": task.played,
        "ended": task.ended,
    }


def _tell(conn: Connection, task: LiveTask, kind: str) -> None:
    error = None if task.error is None else task.error._asdict()
    data = {"owner": task.owner, "name": task.wish.name, "state": task.state.value, "error": error}
    events.append(conn, TOPIC, task.id, kind, data)
