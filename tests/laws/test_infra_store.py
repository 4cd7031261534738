"""Infrastructures in the database: one wish at a time, sums that add up, passes that follow each other."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from shoal.base import events
from shoal.base.database import Database
from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.infra.errors import Destroyed, StalePlan, TooManyInfrastructures, TooManyMachines
from shoal.infra.office import planning
from shoal.infra.office.collecting import YOUNG, collect
from shoal.infra.office.folders import NAME
from shoal.infra.plain import description_of
from shoal.infra.secrets import FILE
from shoal.infra.states import Phase, State
from shoal.infra.store import definitions, forgetting, passing, reading, wishing
from shoal.infra.store.wishing import Bounds
from shoal.jobs.model import Outcome
from shoal.jobs.states import State as JobState
from shoal.jobs.store import limits
from tests.support.infra_store import HOME, MACHINES, Infra, an_instance
from tests.support.waiting import wait_until


@pytest.fixture
def infra(database: Database) -> Infra:
    return Infra(database)


def together(*works: Callable[[], object]) -> list[BaseException]:
    """Run functions in threads that begin at once, and return what they raised."""
    barrier, raised = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:  # told below, in the test's own thread
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_it_comes_back_as_it_was_built(infra: Infra) -> None:
    built = infra.build()
    assert infra.get(built.id) == built
    assert (built.phase, built.turn, built.done, built.attached) == (Phase.BUILDING, 1, 0, True)
    assert built.job is not None
    assert infra.happened(built.id) == ["infrastart"]


def test_a_key_stands_for_one_infrastructure(infra: Infra) -> None:
    first = infra.build(key="k")
    assert infra.build(key="k") == first
    assert infra.build(owner="you", key="k").id != first.id
    assert not together(*[partial(infra.build, key="together")] * 4)
    found = infra.database.read(partial(reading.find, owner="me"))
    assert len(found) == 2


def test_an_owner_has_so_many_and_destroyed_ones_do_not_count(infra: Infra) -> None:
    bounds = Bounds(2, MACHINES)
    first = infra.build(bounds=bounds)
    infra.build(bounds=bounds)
    with pytest.raises(TooManyInfrastructures):
        infra.build(bounds=bounds)
    infra.build(owner="you", bounds=bounds)
    infra.destroy(first.id)
    with pytest.raises(TooManyInfrastructures):
        infra.build(bounds=bounds)
    infra.journal(first.id).reached(2, Phase.DESTROYED, None)
    infra.build(bounds=bounds)


def test_an_infrastructure_has_so_many_machines(infra: Infra) -> None:
    with pytest.raises(TooManyMachines):
        infra.build(least=MACHINES, most=MACHINES)
    built = infra.build(most=100)
    infra.scale(built.id, to=MACHINES - 1)
    with pytest.raises(TooManyMachines):
        infra.scale(built.id, by=1)
    with pytest.raises(TooManyMachines):
        infra.update(built.id, least=MACHINES, most=100)
    assert infra.get(built.id).targets == {"worker": MACHINES - 1}


def test_every_wish_is_a_turn_and_a_pass_that_waits_does_for_several(infra: Infra) -> None:
    built = infra.build()
    scaled = infra.scale(built.id, to=3)
    assert (scaled.turn, scaled.job) == (2, built.job)
    (lease,) = infra.lease()
    again = infra.scale(built.id, to=4)
    assert again.turn == 3
    assert again.job != built.job
    assert infra.lease() == []  # one pass at a time
    assert infra.finish(lease)
    assert [one.job_id for one in infra.lease()] == [again.job]


def test_passes_of_different_infrastructures_run_side_by_side(infra: Infra) -> None:
    first, second = infra.build(), infra.build()
    assert {one.job_id for one in infra.lease()} == {first.job, second.job}


def test_a_pass_belongs_to_the_home_that_holds_the_secrets(infra: Infra) -> None:
    built = infra.build()
    assert passing.labels_of(HOME) == ("infra", f"infra:{HOME}")
    found = infra.database.read(partial(reading.unsettled, home=HOME))
    assert [one.id for one in found] == [built.id]
    assert infra.database.read(partial(reading.unsettled, home="another")) == []


def test_an_older_turn_is_not_reached_once_there_is_a_newer_one(infra: Infra) -> None:
    built = infra.build()
    journal = infra.journal(built.id)
    infra.scale(built.id, to=3)
    assert not journal.reached(1, Phase.READY, None)
    assert infra.get(built.id).done == 0
    assert journal.turn == 2
    assert journal.reached(2, Phase.READY, None)
    ready = infra.get(built.id)
    assert (ready.phase, ready.done) == (Phase.READY, 2)


def test_requests_to_scale_add_up_however_they_follow_each_other(infra: Infra) -> None:
    built = infra.build(least=1, most=9)
    infra.scale(built.id, to=3)
    three = infra.planned(infra.get(built.id), 3)
    infra.scale(built.id, by=1)
    left = infra.scale(built.id, drop=three[0].id)
    assert left.targets == {"worker": 3}
    assert left.condemned == (three[0].id,)
    assert not together(*[partial(infra.scale, built.id, by=1)] * 4)
    assert infra.get(built.id).targets == {"worker": 7}
    assert infra.get(built.id).turn == 8


def test_two_who_drop_the_same_machine_lose_one(infra: Infra) -> None:
    built = infra.build(least=1, most=5)
    infra.scale(built.id, to=3)
    chosen, *_ = infra.planned(infra.get(built.id), 3)
    raised = together(*[partial(infra.scale, built.id, drop=chosen.id)] * 2)
    assert [type(error) for error in raised] == [Conflict]
    assert infra.get(built.id).targets == {"worker": 2}


def test_what_a_description_does_not_allow_changes_nothing(infra: Infra) -> None:
    built = infra.build(least=2, most=5)
    for wish, error in (
        ({"to": 6}, Conflict),
        ({"to": 1}, Conflict),
        ({"by": -1}, Conflict),
        ({"drop": "nobody"}, NotFound),
        ({"node": "nowhere", "to": 2}, NotFound),
        ({}, InvalidInput),
        ({"to": 3, "by": 1}, InvalidInput),
    ):
        with pytest.raises(error):
            infra.scale(built.id, **wish)
    assert infra.get(built.id) == built


def test_an_update_keeps_what_was_scaled_as_far_as_it_may(infra: Infra) -> None:
    built = infra.build(least=1, most=9)
    infra.scale(built.id, to=8)
    updated = infra.update(built.id, name="other", least=1, most=4)
    assert (updated.targets, updated.name, updated.turn) == ({"worker": 4}, "other", 3)
    gone = infra.update(built.id, nodes=[{"name": "master", "type": "master_node"}], dependencies=[])
    assert gone.targets == {}


def test_a_plan_is_stale_after_any_change(infra: Infra) -> None:
    built = infra.build()
    (worker,) = infra.planned(built)
    journal = infra.journal(built.id)
    for change in (
        partial(infra.scale, built.id, to=3),
        partial(infra.heal, built.id),
        partial(journal.change, [{"id": worker.id, "state": State.CREATING.value}]),
        partial(infra.planned, infra.get(built.id)),
    ):
        version = infra.get(built.id).version
        if change.func == infra.planned:
            change = partial(infra.planned, infra.get(built.id))
        change()
        with pytest.raises(StalePlan):
            infra.update(built.id, version)
    infra.update(built.id, infra.get(built.id).version)


def test_of_two_who_apply_the_same_plan_at_once_one_is_refused(infra: Infra) -> None:
    built = infra.build()
    raised = together(*[partial(infra.update, built.id, built.version, least=3)] * 2)
    assert [type(error) for error in raised] == [StalePlan]
    assert infra.get(built.id).turn == built.turn + 1


def test_a_look_that_changes_no_state_makes_no_plan_stale(infra: Infra) -> None:
    built = infra.build()
    (worker,) = infra.planned(built)
    version = infra.get(built.id).version
    infra.journal(built.id).change([{"id": worker.id, "failing_since": 5}])
    assert infra.get(built.id).version == version


def test_machines_are_written_before_they_are_asked_for_and_only_for_the_newest_turn(infra: Infra) -> None:
    built = infra.build()
    made = infra.planned(built, 2)
    assert infra.machines(built.id) == made
    infra.scale(built.id, to=3)
    journal = infra.journal(built.id)
    assert not journal.plan_instances(1, [an_instance(built.id)])
    assert len(infra.machines(built.id)) == 2
    assert journal.plan_instances(2, [made[0]._replace(name="another")])  # told again by who died meanwhile
    assert infra.machines(built.id) == made


def test_a_change_says_what_it_expects(infra: Infra) -> None:
    built = infra.build()
    one, two = infra.planned(built, 2)
    journal = infra.journal(built.id)
    refused = journal.change(
        [
            {"id": one.id, "was": "planned", "state": "creating", "ref": "r1", "addresses": ["10.0.0.1"]},
            {"id": two.id, "was": "ready", "state": "failed"},
            {"id": "nobody", "state": "ready"},
        ]
    )
    assert refused == {two.id, "nobody"}
    first, second = infra.machines(built.id)
    assert (first.state, first.ref, first.addresses) == (State.CREATING, "r1", ("10.0.0.1",))
    assert first.since >= one.since
    assert second == two
    with pytest.raises(InvalidInput):
        infra.ask({"op": "changes", "infra": built.id, "changes": [{"id": one.id, "node": "another"}]})


def test_a_dropped_machine_is_condemned_no_more_and_stays_in_the_history(infra: Infra) -> None:
    built = infra.build(least=1)
    infra.scale(built.id, to=2)
    one, two = infra.planned(infra.get(built.id), 2)
    infra.scale(built.id, drop=one.id)
    infra.journal(built.id).change([{"id": one.id, "state": "dropped"}])
    assert infra.get(built.id).condemned == ()
    assert [each.id for each in infra.machines(built.id)] == [two.id]
    gone = {each.id: each for each in infra.machines(built.id, gone=True)}[one.id]
    assert gone.ended is not None


def test_what_is_being_destroyed_takes_no_other_wish(infra: Infra) -> None:
    built = infra.build()
    going = infra.destroy(built.id)
    assert (going.phase, going.turn, going.attached) == (Phase.DESTROYING, 2, False)
    for wish in (
        partial(infra.scale, built.id, to=3),
        partial(infra.update, built.id),
        partial(infra.pause, built.id),
    ):
        with pytest.raises(Destroyed):
            wish()
    assert infra.heal(built.id).phase is Phase.DESTROYING
    assert infra.destroy(built.id).turn == 4


def test_a_pass_that_fails_to_destroy_leaves_all_condemned(infra: Infra) -> None:
    built = infra.build()
    infra.planned(built)
    going = infra.destroy(built.id)
    journal = infra.journal(built.id)
    with pytest.raises(Conflict):
        said = {"turn": going.turn, "phase": "destroyed", "error": None}
        infra.ask({"op": "reached", "infra": built.id, **said})
    assert journal.reached(going.turn, Phase.FAILED, {"code": "unavailable", "message": "no answer"})
    left = infra.get(built.id)
    assert (left.phase, left.done) == (Phase.DESTROYING, going.turn)
    assert left.error is not None


def test_a_destroyed_infrastructure_leaves_its_history_and_no_limit(infra: Infra) -> None:
    built = infra.build()
    (one,) = infra.planned(built)
    infra.destroy(built.id)
    journal = infra.journal(built.id)
    journal.change([{"id": one.id, "state": "dropped"}])
    assert journal.reached(2, Phase.DESTROYED, None)
    gone = infra.get(built.id)
    assert gone.phase is Phase.DESTROYED
    assert gone.ended is not None
    assert infra.destroy(built.id) == gone
    with pytest.raises(Destroyed):
        infra.heal(built.id)
    assert infra.machines(built.id) == []
    assert len(infra.machines(built.id, gone=True)) == 1
    assert infra.happened(built.id) == ["infrastart", "infradrop"]
    last = infra.database.read(partial(reading.latest, infra=built.id, limit=1))
    assert [one.kind for one in last] == ["infradrop"]
    assert ("group", passing.group_of(built.id)) not in infra.database.read(limits.every)
    assert infra.database.read(partial(reading.find, owner="me")) == []
    assert len(infra.database.read(partial(reading.find, owner="me", gone=True))) == 1


def test_nothing_is_done_to_what_is_paused_until_it_goes_on(infra: Infra) -> None:
    built = infra.build()
    ready = infra.passed(built)
    paused = infra.pause(built.id)
    assert (paused.phase, paused.turn) == (Phase.READY, ready.turn + 1)
    infra.scale(built.id, to=4)
    assert infra.lease() == []
    assert infra.database.read(partial(reading.unsettled, home=HOME)) == []
    going = infra.pause(built.id, False)
    assert (going.phase, going.targets) == (Phase.BUILDING, {"worker": 4})
    assert [one.job_id for one in infra.lease()] == [going.job]


def test_what_is_paused_can_be_destroyed(infra: Infra) -> None:
    built = infra.passed(infra.build())
    infra.pause(built.id)
    going = infra.destroy(built.id)
    assert not going.paused
    assert [one.job_id for one in infra.lease()] == [going.job]


def test_a_cancelled_pass_is_told_and_can_go_on(infra: Infra) -> None:
    built = infra.build()
    assert built.job is not None
    infra.cancel(built.job)
    left = infra.get(built.id)
    assert (left.phase, left.done) == (Phase.FAILED, 1)
    assert left.error is not None
    assert left.error["code"] == "pass_ended"
    again = infra.heal(built.id)
    assert (again.phase, again.error, again.turn) == (Phase.BUILDING, None, 2)
    assert infra.passed(again).phase is Phase.READY


def test_a_pass_that_fails_without_a_word_is_told(infra: Infra) -> None:
    built = infra.build()
    (worker,) = infra.planned(built)
    infra.journal(built.id).change([{"id": worker.id, "state": "ready"}])
    (lease,) = infra.lease()
    infra.finish(lease, Outcome(JobState.FAILED, error={"kind": "failed", "message": "the disk is full"}))
    left = infra.get(built.id)
    assert (left.phase, left.done) == (Phase.DEGRADED, 1)
    assert left.error is not None
    assert left.error["message"].endswith("the disk is full")


def test_an_older_pass_that_is_cancelled_changes_nothing(infra: Infra) -> None:
    built = infra.build()
    (lease,) = infra.lease()
    scaled = infra.scale(built.id, to=3)
    infra.cancel(lease.job_id)
    infra.finish(lease, Outcome(JobState.CANCELLED))
    assert infra.get(built.id) == scaled


def test_two_who_heal_at_once_make_one_pass_after_the_other(infra: Infra) -> None:
    built = infra.passed(infra.build())
    assert not together(*[partial(infra.heal, built.id)] * 2)
    healing = infra.get(built.id)
    assert healing.turn == built.turn + 2
    (lease,) = infra.lease()
    assert lease.job_id == healing.job
    infra.finish(lease)
    assert infra.lease() == []


def test_the_keeper_is_told_what_has_changed_and_what_it_need_not_keep(infra: Infra) -> None:
    first, second = infra.passed(infra.build()), infra.build()
    keeper = infra.keeper()
    told = infra.ask({"op": "attached", "since": None}, keeper)
    assert {one["infrastructure"]["id"]: one["working"] for one in told["changed"]} == {
        first.id: False,
        second.id: True,
    }
    told = infra.ask({"op": "attached", "since": told["number"]}, keeper)
    assert (told["changed"], told["left"]) == ([], [])
    (worker,) = infra.planned(first)
    told = infra.ask({"op": "attached", "since": told["number"]}, keeper)
    assert [one["instances"][0]["id"] for one in told["changed"]] == [worker.id]
    infra.write(partial(wishing.attach, id=first.id, attached=False))
    infra.destroy(second.id)
    told = infra.ask({"op": "attached", "since": told["number"]}, keeper)
    assert (told["changed"], told["left"]) == ([], sorted([first.id, second.id]))


def test_the_keeper_asks_for_one_pass_and_none_while_one_is_at_work(infra: Infra) -> None:
    built = infra.build()
    journal = infra.journal(built.id)
    assert not journal.heal(1)
    ready = infra.passed(built)
    assert not journal.heal(0)
    assert journal.heal(ready.turn)
    assert not journal.heal(journal.turn)
    assert infra.get(built.id).turn == ready.turn + 1


def test_attaching_twice_is_refused(infra: Infra) -> None:
    built = infra.build()
    for attached in (True, False):
        with pytest.raises(Conflict) as refused:
            wish = partial(wishing.attach, id=built.id, attached=attached)
            infra.write(wish)
            infra.write(wish)
        assert refused.value.error_code == ("already_attached" if attached else "already_detached")


def test_definitions_are_each_owners_own(infra: Infra) -> None:
    infra.write(partial(definitions.keep, owner="me", found={"a": [1], "b": [2]}))
    infra.write(partial(definitions.keep, owner="me", found={"b": [3]}))
    infra.write(partial(definitions.keep, owner="you", found={"a": [4]}))
    assert infra.database.read(partial(reading.known_definitions, owner="me")) == {"a": [1], "b": [3]}
    infra.write(partial(definitions.forget, owner="me", type_="a"))
    assert infra.database.read(partial(reading.known_definitions, owner="me")) == {"b": [3]}
    with pytest.raises(NotFound):
        infra.write(partial(definitions.forget, owner="me", type_="a"))


def test_what_happens_is_in_the_outbox(infra: Infra) -> None:
    built = infra.build()
    infra.planned(built)
    infra.passed(built)
    told = infra.database.read(lambda c: events.after(c, 0, ["infra"]))
    assert [event.kind for event in told] == ["infrastart", "changed", "instances", "changed"]
    assert told[-1].data["phase"] == "ready"
    assert {event.data["owner"] for event in told} == {"me"}


def test_infrastructures_are_found_page_by_page(infra: Infra) -> None:
    made = [infra.build(name=f"Lab-{n}").id for n in range(4)]
    found = infra.database.read(partial(reading.find, owner="me", limit=2))
    assert [one.id for one in found] == made[:1:-1]
    found = infra.database.read(partial(reading.find, owner="me", limit=2, after=found[-1].id))
    assert [one.id for one in found] == made[1::-1]
    assert [one.id for one in infra.database.read(partial(reading.find, search="lab-3"))] == [made[3]]
    counted = infra.database.read(partial(reading.counted, ids=made[:1]))
    assert counted == {made[0]: {}}


def test_a_pass_that_waits_to_be_tried_again_makes_room_for_a_newer_one(infra: Infra) -> None:
    built = infra.build()
    (lease,) = infra.lease()
    infra.finish(lease, Outcome(JobState.FAILED, error={"kind": "error", "message": "no answer"}))
    waiting = infra.get(built.id)
    assert (waiting.phase, waiting.done, waiting.version) == (Phase.BUILDING, 0, built.version)
    healing = infra.heal(built.id)
    assert healing.error is None
    assert [one.job_id for one in infra.lease()] == [healing.job]
    assert infra.get(built.id) == healing
    assert infra.happened(built.id) == ["infrastart", "passfailed", "infraheal"]


def test_a_pass_that_fails_again_and_again_says_why_once(infra: Infra) -> None:
    built = infra.build()
    lost = Outcome(JobState.LOST, error={"kind": "lost", "message": "The worker died."})
    bug = Outcome(JobState.FAILED, error={"kind": "error", "type": "KeyError", "message": "'x'"})
    for outcome, said in (
        (lost, None),
        (bug, "KeyError: 'x'"),
        (bug, "KeyError: 'x'"),
        (lost, "worker died"),
    ):
        (lease,) = wait_until(infra.lease)
        infra.finish(lease, outcome)
        left = infra.get(built.id)
        assert (left.phase, left.done) == (Phase.BUILDING, 0)
        assert left.error is None if said is None else said in str(left.error)
    assert infra.happened(built.id) == ["infrastart", "passfailed", "passfailed"]
    (lease,) = wait_until(infra.lease)
    assert infra.journal(built.id).reached(built.turn, Phase.READY, None)
    assert infra.get(built.id).error is None


def test_a_sweep_is_told_where_machines_have_been_and_who_is_known(infra: Infra) -> None:
    built = infra.build()
    one, two, three = infra.planned(built, 3, place={"endpoint": "here"})
    infra.journal(built.id).change(
        [{"id": one.id, "state": "ready"}, {"id": two.id, "state": "dropped", "place": {"endpoint": "there"}}]
    )
    told = infra.ask({"op": "spots", "home": HOME, "owner": None})
    assert [spot["place"]["endpoint"] for spot in told["spots"]] == ["here", "there"]
    assert told["known"] == sorted([one.id, three.id])
    assert infra.ask({"op": "spots", "home": HOME, "owner": "you"}) == {"spots": [], "known": []}
    assert infra.ask({"op": "spots", "home": "another", "owner": None}) == {"spots": [], "known": []}


def test_what_was_destroyed_long_ago_is_forgotten_with_all_of_its_rows(infra: Infra) -> None:
    kept, gone = infra.build(), infra.build()
    (machine,) = infra.planned(gone)
    infra.destroy(gone.id)
    journal = infra.journal(gone.id)
    journal.change([{"id": machine.id, "state": "dropped"}])
    journal.reached(2, Phase.DESTROYED, None)
    ended = infra.get(gone.id).ended
    assert ended is not None
    assert infra.write(partial(forgetting.forget, before=ended)) == 0
    assert infra.write(partial(forgetting.forget, before=ended + 1)) == 1
    with pytest.raises(NotFound):
        infra.get(gone.id)
    assert infra.machines(gone.id, gone=True) == []
    assert infra.happened(gone.id) == []
    assert infra.get(kept.id) == kept


def test_a_destroyed_one_keeps_no_secrets_and_a_forgotten_one_no_folder(infra: Infra, tmp_path: Path) -> None:
    folder = tmp_path / "infra"
    built = [infra.build() for _ in range(2)]
    for name in (*(one.id for one in built), "stranger"):
        (folder / name / "logs").mkdir(parents=True)
        (folder / name / FILE).write_text("{}")
    (folder / NAME).write_text(HOME)
    infra.destroy(built[0].id)
    infra.journal(built[0].id).reached(2, Phase.DESTROYED, None)
    old = time.time() - 2 * YOUNG
    os.utime(folder / "stranger", (old, old))
    assert collect(infra.database, folder, 3600.0) == (0, 0)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {NAME, f"{built[1].id}/{FILE}"}
    assert not (folder / "stranger").exists()
    os.utime(folder / built[0].id, (old, old))
    assert collect(infra.database, folder, -3600.0)[0] == 1
    assert not (folder / built[0].id).exists()
    assert infra.get(built[1].id) == built[1]


def test_a_plan_of_what_is_destroyed_has_nothing_to_do(infra: Infra) -> None:
    built = infra.build()
    infra.destroy(built.id)
    with pytest.raises(Destroyed):
        infra.database.read(
            partial(planning.made, infra=built.id, description=description_of(built.description))
        )
    infra.journal(built.id).reached(2, Phase.DESTROYED, None)
    assert infra.database.read(partial(planning.made, infra=built.id)).plan.changes == 0
