"""Making, finding, changing, pausing and deleting schedules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from shoal.base import events
from shoal.base.errors import InvalidInput, NotFound
from shoal.base.ids import new_id
from shoal.base.transaction import now
from shoal.jobs.model import HOUSE, HOUSE_LABEL, NewJob, Retry
from shoal.jobs.schedules import timing
from shoal.jobs.schedules.schedule import Schedule
from shoal.jobs.store import cancelling, submission
from shoal.jobs.store.tables import schedules
from shoal.jobs.store.validation import is_text

TICK = "schedule.tick"
TOPIC = "schedules"
MAX_NAME = 200
_ROW = select(*(schedules.c[name] for name in Schedule._fields))
# A tick does nothing by itself: only a house that dies again and again can keep it from ending well.
_RETRY = Retry(max_attempts=1000, on=("error", "timeout", "lost"), max_delay=60.0)


def create(
    conn: Connection,
    owner: str,
    *,
    cron: str,
    template: Mapping[str, Any],
    name: str = "",
    zone: str = "UTC",
    paused: bool = False,
) -> Schedule:
    """Make a schedule; whether its template can be submitted is the caller's to check.

    Raises:
        InvalidInput: the cron line, the time zone or the name cannot be used.
    """
    _check(name, cron, zone)
    id_ = new_id()
    fresh = Schedule(
        id_, owner, name, cron, zone, dict(template), True, now(conn), None, None, None, [], 0, ""
    )
    conn.execute(insert(schedules), [fresh._asdict()])
    events.append(conn, TOPIC, id_, "created", {"owner": owner})
    if not paused:
        resume(conn, id_)
    return get(conn, id_)


def get(conn: Connection, id_: str, *, lock: bool = False) -> Schedule:
    """Return a schedule, locked until the commit if need be; raises NotFound."""
    query = _ROW.where(schedules.c.id == id_)
    row = conn.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"There is no schedule {id_!r}.", schedule=id_)
    return Schedule(*row)


def find(conn: Connection, *, owners: Collection[str] | None = None, limit: int = 1000) -> list[Schedule]:
    """Return schedules, the newest first."""
    query = _ROW.order_by(schedules.c.created.desc(), schedules.c.id).limit(limit)
    if owners is not None:
        query = query.where(schedules.c.owner.in_(list(owners)))
    return [Schedule(*row) for row in conn.execute(query)]


def change(
    conn: Connection,
    id_: str,
    *,
    name: str | None = None,
    cron: str | None = None,
    zone: str | None = None,
    template: Mapping[str, Any] | None = None,
) -> Schedule:
    """Change what is given of a schedule; its next time is found anew.

    Raises:
        NotFound: there is no such schedule.
        InvalidInput: the cron line, the time zone or the name cannot be used.
    """
    old = get(conn, id_, lock=True)
    new = old._replace(
        name=old.name if name is None else name,
        cron=old.cron if cron is None else cron,
        zone=old.zone if zone is None else zone,
        template=old.template if template is None else dict(template),
    )
    _check(new.name, new.cron, new.zone)
    values = {key: getattr(new, key) for key in ("name", "cron", "zone", "template")}
    conn.execute(update(schedules).where(schedules.c.id == id_).values(**values))
    events.append(conn, TOPIC, id_, "changed", {"owner": old.owner})
    if not old.paused and (new.cron, new.zone) != (old.cron, old.zone):
        _disarm(conn, old)
        arm(conn, new, now(conn))
    return get(conn, id_)


def pause(conn: Connection, id_: str) -> Schedule:
    """Submit nothing more until the schedule is resumed; what is missed meanwhile is not made up for."""
    schedule = get(conn, id_, lock=True)
    if not schedule.paused:
        conn.execute(update(schedules).where(schedules.c.id == id_).values(paused=True))
        _disarm(conn, schedule)
        events.append(conn, TOPIC, id_, "paused", {"owner": schedule.owner})
    return get(conn, id_)


def resume(conn: Connection, id_: str) -> Schedule:
    """Go on with a paused schedule at its next time from now."""
    schedule = get(conn, id_, lock=True)
    if schedule.paused:
        conn.execute(update(schedules).where(schedules.c.id == id_).values(paused=False))
        arm(conn, schedule, now(conn))
        events.append(conn, TOPIC, id_, "resumed", {"owner": schedule.owner})
    return get(conn, id_)


def remove(conn: Connection, id_: str) -> None:
    """Delete a schedule; what it has submitted stays. Raises NotFound."""
    schedule = get(conn, id_, lock=True)
    _disarm(conn, schedule)
    conn.execute(delete(schedules).where(schedules.c.id == id_))
    events.append(conn, TOPIC, id_, "removed", {"owner": schedule.owner})


def arm(conn: Connection, schedule: Schedule, after: int, **values: Any) -> None:
    """Submit the next tick of a schedule, and write down with it what else is given."""
    due = timing.next_after(schedule.cron, schedule.zone, after)
    tick = None if due is None else _submit_tick(conn, schedule, due)
    where = schedules.c.id == schedule.id
    conn.execute(update(schedules).where(where).values(next=due, tick=tick, **values))


def _submit_tick(conn: Connection, schedule: Schedule, due: int) -> int:
    spec = {"schedule": schedule.id, "due": due, "before": schedule.tick}
    new = NewJob(TICK, spec, schedule.name, not_before=due, labels=(HOUSE_LABEL,), retry=_RETRY)
    return submission.submit(conn, HOUSE, [new])[0]


def _disarm(conn: Connection, schedule: Schedule) -> None:
    """Take the tick away that waits; a tick that the schedule does not know any more does nothing."""
    conn.execute(update(schedules).where(schedules.c.id == schedule.id).values(next=None, tick=None))
    if schedule.tick is not None:
        cancelling.cancel(conn, [schedule.tick])


def _check(name: str, cron: str, zone: str) -> None:
    if len(name) > MAX_NAME or not is_text(name):
        raise InvalidInput(f"The name of a schedule has at most {MAX_NAME} characters.", name=name[:MAX_NAME])
    timing.check(cron, zone)
