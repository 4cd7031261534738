"""Laws of schedules: each time submits once, what was missed is made up for once, faults do not end them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, update

from shoal.base import clock
from shoal.base.errors import InvalidInput, NotFound
from shoal.base.transaction import now
from shoal.jobs import kinds as kinds_
from shoal.jobs.model import Lease, NewJob, Outcome
from shoal.jobs.schedules import keeping, kinds, ticking, timing
from shoal.jobs.schedules.schedule import Schedule
from shoal.jobs.states import State
from shoal.jobs.store import finishing, submission
from shoal.jobs.store.tables import jobs
from tests.support.store import Store

HOUR = 3600 * clock.SECOND
TEMPLATE = {"runner": "sum", "extra": {"mine": 1}}


def submit(conn: Connection, owner: str, template: Mapping[str, Any]) -> Sequence[int]:
    """Hand in what a template of these tests means."""
    new = [NewJob(template["runner"], extra=template["extra"])]
    ids = submission.submit(conn, owner, new)
    if template.get("broken"):
        raise InvalidInput("The script is gone.")
    return ids


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    before = list(ticking._submit)
    kinds.register_kinds(submit)
    yield
    ticking._submit[:] = before


def create(store: Store, cron: str = "0 * * * *", **fields: Any) -> Schedule:
    fields = {"template": TEMPLATE} | fields
    return store.write(lambda c: keeping.create(c, "me", cron=cron, **fields))


def get(store: Store, schedule: Schedule) -> Schedule:
    return store.database.read(lambda c: keeping.get(c, schedule.id))


def wait_for(store: Store, schedule: Schedule, late: int = 0) -> None:
    """Let the time of the next tick have come, so long ago."""
    tick = get(store, schedule).tick
    store.write(
        lambda c: c.execute(update(jobs).where(jobs.c.id == tick).values(due=now(c) - late, not_before=0))
    )


def take_tick(store: Store) -> Lease | None:
    return next(iter(store.lease(1, labels=["house"], kinds=[keeping.TICK])), None)


def end_tick(store: Store, lease: Lease, state: State = State.SUCCEEDED) -> bool:
    kind = kinds_.get(keeping.TICK)
    return store.write(lambda c: finishing.finish(c, lease.token, Outcome(state), kind.record))


def tick(store: Store, schedule: Schedule, late: int = 0) -> None:
    wait_for(store, schedule, late)
    lease = take_tick(store)
    assert lease is not None
    assert end_tick(store, lease)


def submitted(store: Store) -> int:
    return len(store.find(kinds=["sum"]))


def test_each_time_submits_once_and_names_the_next(store: Store) -> None:
    schedule = create(store)
    first = schedule.next
    assert first is not None
    assert first % HOUR == 0
    assert take_tick(store) is None
    tick(store, schedule)
    after = get(store, schedule)
    assert (after.last, after.runs, after.error) == (first, 1, "")
    assert after.next is not None
    assert after.next > store.database.read(now)
    (job,) = store.find(kinds=["sum"])
    assert after.last_jobs == [job.id]
    assert (job.owner, job.extra) == ("me", {"mine": 1, "schedule": schedule.id})
    assert store.find(extra={"schedule": schedule.id}) == [job]


def test_a_late_or_repeated_answer_submits_nothing_more(store: Store) -> None:
    schedule = create(store)
    wait_for(store, schedule)
    lease = take_tick(store)
    assert lease is not None
    assert end_tick(store, lease)
    assert not end_tick(store, lease)
    assert submitted(store) == 1
    ended = store.job(lease.job_id)
    store.write(lambda c: ticking.record(c, ended, None))
    assert submitted(store) == 1


def test_what_was_missed_is_made_up_for_once(store: Store) -> None:
    schedule = create(store, "* * * * *")
    tick(store, schedule, late=5 * HOUR)
    assert submitted(store) == 1
    following = get(store, schedule).next
    assert following is not None
    assert 0 < following - store.database.read(now) <= 60 * clock.SECOND
    assert take_tick(store) is None


def test_a_tick_that_was_cancelled_or_failed_still_goes_on(store: Store) -> None:
    schedule = create(store)
    waiting = get(store, schedule).tick
    assert waiting is not None
    store.cancel(waiting)
    assert submitted(store) == 1
    following = get(store, schedule)
    assert following.tick not in (None, waiting)
    wait_for(store, schedule)
    lease = take_tick(store)
    assert lease is not None
    end_tick(store, lease, State.CANCELLED)
    assert submitted(store) == 2
    assert get(store, schedule).next is not None


def test_a_template_that_cannot_be_submitted_leaves_nothing_but_its_reason(store: Store) -> None:
    schedule = create(store, template=TEMPLATE | {"broken": True})
    tick(store, schedule)
    after = get(store, schedule)
    assert (after.error, after.last_jobs, after.runs) == ("The script is gone.", [], 1)
    assert submitted(store) == 0
    assert after.tick is not None
    store.write(lambda c: keeping.change(c, schedule.id, template=TEMPLATE))
    tick(store, schedule)
    assert get(store, schedule).error == ""
    assert submitted(store) == 1


def test_a_paused_schedule_submits_nothing_and_goes_on_from_now(store: Store) -> None:
    schedule = create(store)
    waiting = schedule.tick
    paused = store.write(lambda c: keeping.pause(c, schedule.id))
    assert (paused.paused, paused.next, paused.tick) == (True, None, None)
    assert waiting is not None
    assert store.state(waiting) is State.CANCELLED
    assert submitted(store) == 0
    resumed = store.write(lambda c: keeping.resume(c, schedule.id))
    assert (resumed.paused, resumed.next) == (False, schedule.next)
    assert create(store, paused=True).next is None


def test_a_tick_that_runs_while_its_schedule_is_paused_submits_nothing(store: Store) -> None:
    schedule = create(store)
    wait_for(store, schedule)
    lease = take_tick(store)
    assert lease is not None
    store.write(lambda c: keeping.pause(c, schedule.id))
    end_tick(store, lease)
    assert submitted(store) == 0


def test_a_deleted_schedule_is_gone_and_what_it_submitted_stays(store: Store) -> None:
    schedule = create(store)
    tick(store, schedule)
    store.write(lambda c: keeping.remove(c, schedule.id))
    with pytest.raises(NotFound):
        get(store, schedule)
    assert submitted(store) == 1
    assert store.find(kinds=[keeping.TICK], states=[State.QUEUED]) == []


def test_a_changed_cron_line_counts_at_once(store: Store) -> None:
    schedule = create(store, "0 0 1 1 *")
    changed = store.write(lambda c: keeping.change(c, schedule.id, cron="* * * * *", name="often"))
    assert changed.next is not None
    assert changed.next - store.database.read(now) <= 60 * clock.SECOND
    assert (changed.name, changed.template) == ("often", TEMPLATE)
    tick(store, schedule)
    assert submitted(store) == 1


def test_ticks_do_not_pile_up(store: Store) -> None:
    schedule = create(store)
    for _ in range(4):
        tick(store, schedule)
    assert len(store.find(kinds=[keeping.TICK])) == 2


def test_schedules_are_listed_by_owner(store: Store) -> None:
    mine = create(store, name="mine")
    store.write(lambda c: keeping.create(c, "you", cron="0 0 * * *", template=TEMPLATE))
    read = store.database.read
    assert [s.name for s in read(lambda c: keeping.find(c, owners=["me"]))] == ["mine"]
    assert len(read(keeping.find)) == 2
    assert read(lambda c: keeping.get(c, mine.id)).template == TEMPLATE


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"cron": "61 * * * *"}, "minute"),
        ({"cron": "* * * *"}, "five fields"),
        ({"cron": "* * * * * *"}, "five fields"),
        ({"cron": "0 0 30 2 *"}, "day"),
        ({"zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"zone": "../../etc/passwd"}, "passwd"),
        ({"zone": ""}, "zone"),
        ({"name": "x" * 201}, "200"),
    ],
)
def test_what_cannot_be_a_schedule_is_refused(store: Store, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        create(store, **fields)
    assert store.database.read(keeping.find) == []


def test_times_follow_the_clocks_of_their_zone() -> None:
    def local(cron: str, day: str, n: int) -> list[str]:
        start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Vienna"))
        times = timing.upcoming(cron, "Europe/Vienna", round(start.timestamp() * clock.SECOND), n)
        return [datetime.fromtimestamp(t / clock.SECOND, UTC).strftime("%d %H:%M") for t in times]

    assert local("30 6 * * *", "2026-03-28T12:00", 2) == ["29 04:30", "30 04:30"]
    assert local("30 2 * * *", "2026-03-28T12:00", 2) == ["29 01:00", "30 00:30"]
    assert local("30 2 * * *", "2026-10-24T12:00", 2) == ["25 00:30", "26 01:30"]
    assert local("0 9 * * 1-5", "2026-11-20T12:00", 1) == ["23 08:00"]
