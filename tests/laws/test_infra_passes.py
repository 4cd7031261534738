"""Whatever goes wrong, afterwards the machines are those that are wanted: none leaked, none lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.base.database import Database, open_database
from shoal.infra.model import Instance
from shoal.infra.providers.provider import Means, Order
from shoal.infra.providers.simulated import Simulated
from shoal.infra.states import State
from shoal.infra.templating.renderer import Renderer
from tests.support.infra_world import Fuse, World, a_description, settled

Worlds = Callable[..., World]
FOLLOWS = "echo {{ getip('master') }} > /etc/master"


@pytest.fixture
def new_world(tmp_path: Path, sqlite_template: Path, renderer: Renderer) -> Iterator[Worlds]:
    opened: list[Database] = []

    def new(contextualises: bool = True) -> World:
        folder = tmp_path / f"{len(opened)}"
        folder.mkdir()
        path = folder / "shoal.db"
        path.write_bytes(sqlite_template.read_bytes())
        opened.append(open_database(f"sqlite:///{path}"))
        return World(opened[-1], folder, renderer, contextualises)

    yield new
    for database in opened:
        database.close()


@pytest.fixture
def world(new_world: Worlds) -> World:
    return new_world()


def cluster(**more: Any) -> dict[str, Any]:
    nodes, contexts = {"master": 1, "worker": 2}, {"worker": FOLLOWS}
    return a_description(nodes, [("worker", "master")], contexts=contexts, **more)


def built(world: World, description: dict[str, Any]) -> str:
    id_ = world.build(description)
    assert world.run(id_)["phase"] == "ready"
    return id_


def of(world: World, id: str, node: str) -> list[Instance]:
    return [each for each in world.machines(id) if each.node == node]


def ids(world: World, id: str) -> set[str]:
    return {each.id for each in world.machines(id)}


def test_a_cluster_is_built_in_order_and_destroyed_without_a_trace(world: World) -> None:
    id_ = built(world, cluster())
    assert world.counts(id_) == {"master": 1, "worker": 2} and world.is_whole(id_)
    (master,), workers = of(world, id_, "master"), of(world, id_, "worker")
    assert all(each.saw == {"master": [master.id]} for each in workers)
    assert min(each.created for each in workers) > (master.ready or 0)
    world.house.destroy(id_)
    assert world.run(id_)["phase"] == "destroyed"
    assert world.counts(id_) == {} and world.machines(id_) == []


def test_killed_anywhere_nothing_leaks_and_nothing_is_lost(world: World) -> None:
    quick = {name: {"delay": 0.2} for name in ("master", "worker")}

    def life(fuse: Fuse) -> None:
        id_ = world.build(cluster(resources=quick))
        assert settled(world, id_, fuse)["phase"] == "ready"
        assert world.counts(id_) == {"master": 1, "worker": 2} and world.is_whole(id_)
        world.cloud.befall(of(world, id_, "worker")[0].id, "vanishes")
        world.scale(id_, "worker", to=3)
        assert settled(world, id_, fuse)["phase"] == "ready"
        assert world.counts(id_) == {"master": 1, "worker": 3} and world.is_whole(id_)
        world.house.destroy(id_)
        assert settled(world, id_, fuse)["phase"] == "destroyed"
        assert world.counts(id_) == {}

    whole = Fuse()
    life(whole)
    for n in range(1, whole.count + 1):
        life(Fuse(n))


@pytest.mark.parametrize("what", ["before", "after"])
@pytest.mark.parametrize("late", [0, 2])
def test_a_creation_that_timed_out_makes_one_machine(world: World, what: str, late: int) -> None:
    fault = {"call": "create", "what": what, "times": 2}
    id_ = built(world, cluster(resources={"worker": {"faults": [fault], "late": late}}))
    assert world.counts(id_) == {"master": 1, "worker": 2} and world.is_whole(id_)


@pytest.mark.parametrize("late", [0, 2])
def test_a_creation_given_up_leaves_no_machine(world: World, late: int) -> None:
    fault = {"call": "create", "what": "after", "times": 0, "node": "worker"}
    resources = {"worker": {"faults": [fault], "late": late}}
    id_ = world.build(cluster(resources=resources, policy={"attempts": 1}))
    assert world.run(id_)["error"]["code"] == "unavailable"
    assert world.house.get(id_).phase == "failed"
    assert world.counts(id_) == {"master": 1} and world.is_whole(id_)
    assert [each.state for each in world.machines(id_)] == [State.READY]


def test_where_there_is_no_room_another_implementation_takes_over(world: World) -> None:
    first, second = {"endpoint": "small", "quota": 2}, {"endpoint": "large"}
    id_ = built(world, a_description({"worker": 5}, resources={"worker": [first, second]}))
    found = [each.place for each in world.machines(id_)]
    assert sorted(place["endpoint"] for place in found) == ["large"] * 3 + ["small"] * 2
    assert world.is_whole(id_)


def test_without_room_anywhere_the_build_fails_and_keeps_what_is_healthy(world: World) -> None:
    id_ = world.build(a_description({"worker": 5}, resources={"worker": {"quota": 3}}))
    result = world.run(id_)
    assert result["error"]["code"] == "no_capacity"
    assert world.counts(id_) == {"worker": 3} and world.is_whole(id_)
    assert [each.state for each in world.machines(id_)] == [State.READY] * 3


def test_a_refused_order_is_not_repeated(world: World) -> None:
    fault = {"call": "create", "what": "refused", "times": 0}
    id_ = world.build(a_description({"worker": 1}, resources={"worker": {"faults": [fault]}}))
    assert world.run(id_)["error"]["code"] == "provider_refused"
    assert len(world.house.machines(id_, gone=True)) == 1 and world.machines(id_) == []


def test_one_empty_answer_is_no_death_certificate(world: World) -> None:
    id_ = built(world, cluster())
    before = ids(world, id_)
    world.fail({"call": "machines", "what": "empty"})
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready"
    assert ids(world, id_) == before and world.is_whole(id_)


def test_a_provider_that_does_not_answer_loses_nothing(world: World) -> None:
    id_ = built(world, cluster())
    before = ids(world, id_)
    world.fail({"call": "machines", "what": "before", "times": 0})
    world.house.heal(id_)
    world.run(id_)
    assert ids(world, id_) == before
    world.fail()
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready" and ids(world, id_) == before


@pytest.mark.parametrize("what", ["vanishes", "dies"])
def test_a_lost_worker_is_replaced_and_nobody_else(world: World, what: str) -> None:
    id_ = built(world, cluster())
    before = ids(world, id_)
    lost = of(world, id_, "worker")[0].id
    world.cloud.befall(lost, what)
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready"
    assert before - ids(world, id_) == {lost}
    assert world.counts(id_) == {"master": 1, "worker": 2} and world.is_whole(id_)


def test_a_replaced_master_is_followed_by_its_workers(world: World) -> None:
    id_ = built(world, cluster())
    before = ids(world, id_)
    world.cloud.befall(of(world, id_, "master")[0].id, "vanishes")
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready"
    (master,) = of(world, id_, "master")
    assert all(each.saw == {"master": [master.id]} for each in of(world, id_, "worker"))
    assert not before & ids(world, id_) and world.is_whole(id_)


def test_a_sick_machine_is_borne_with_and_then_replaced(world: World) -> None:
    id_ = built(world, a_description({"worker": 3}, health={"worker": {"timeout": 30}}))
    before = ids(world, id_)
    sick = world.machines(id_)[0].id
    world.cloud.befall(sick, "ill")
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "degraded" and ids(world, id_) == before
    world.clock.sleep(31)
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready"
    assert before - ids(world, id_) == {sick} and world.counts(id_) == {"worker": 3}


def test_a_machine_that_has_stopped_is_not_well_because_it_answers(world: World) -> None:
    id_ = built(world, a_description({"worker": 3}, health={"worker": {"timeout": 30}}))
    stopped = world.machines(id_)[0].id
    world.cloud.befall(stopped, "stops")
    for _ in range(2):
        world.house.heal(id_)
        assert world.run(id_)["phase"] == "degraded" and stopped in ids(world, id_)
        world.clock.sleep(10)
    world.clock.sleep(20)
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready" and stopped not in ids(world, id_)
    world.cloud.befall(world.machines(id_)[0].id, "stops")
    world.house.heal(id_)
    world.run(id_)
    world.cloud.befall(world.machines(id_)[0].id, "stops", after=1e9)
    before = ids(world, id_)
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready" and ids(world, id_) == before


def test_many_failing_at_once_wait_for_a_person(world: World) -> None:
    id_ = built(world, a_description({"worker": 4}))
    before = ids(world, id_)
    for each in world.machines(id_)[:3]:
        world.cloud.befall(each.id, "dies")
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "degraded"
    error = world.house.get(id_).error
    assert error is not None and error["code"] == "brake" and ids(world, id_) == before
    world.release(id_)
    assert world.run(id_)["phase"] == "ready"
    assert len(before & ids(world, id_)) == 1 and world.counts(id_) == {"worker": 4}


def test_who_keeps_it_says_that_a_person_must_let_many_be_replaced(world: World) -> None:
    """Machines that ail are no matter for the brake at first; when they are, somebody is told, once."""
    id_ = built(world, a_description({"worker": 4}, health={"worker": {"timeout": 30}}))
    look, before = world.keeper(), ids(world, id_)
    for each in world.machines(id_)[:3]:
        world.cloud.befall(each.id, "ill")
    world.kept(id_, look, seconds=20)
    assert "degraded" in str(world.house.get(id_).error)
    world.kept(id_, look, seconds=60)
    assert "too many to replace them unasked" in str(world.house.get(id_).error)
    assert world.kept(id_, look, seconds=300) == 0 and ids(world, id_) == before


def test_machines_that_run_again_are_taken_back(world: World) -> None:
    id_ = built(world, a_description({"worker": 4}))
    before = ids(world, id_)
    for each in world.machines(id_):
        world.cloud.befall(each.id, "dies")
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "degraded"
    for each in world.machines(id_):
        world.cloud.befall(each.id, "dies", after=1e9)
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready" and ids(world, id_) == before


def test_a_termination_that_fails_is_repeated_until_the_machine_is_gone(world: World) -> None:
    id_ = built(world, cluster())
    world.fail({"call": "drop", "what": "before", "times": 4}, {"call": "drop", "what": "after", "nth": 5})
    world.house.destroy(id_)
    assert settled(world, id_)["phase"] == "destroyed"
    assert world.counts(id_) == {}


def test_while_terminations_fail_no_row_is_dropped(world: World) -> None:
    id_ = built(world, cluster())
    world.fail({"call": "drop", "what": "before", "times": 0})
    world.house.destroy(id_)
    assert "error" in world.run(id_)
    assert world.house.get(id_).phase == "destroying"
    assert world.is_whole(id_) and sum(world.counts(id_).values()) == 3
    world.fail()
    assert world.run(id_)["phase"] == "destroyed" and world.counts(id_) == {}


def test_what_is_neither_shown_nor_dropped_keeps_its_row(world: World) -> None:
    id_ = built(world, cluster())
    world.fail(
        {"call": "drop", "what": "before", "times": 0}, {"call": "machines", "what": "empty", "times": 0}
    )
    world.house.destroy(id_)
    world.run(id_)
    assert world.is_whole(id_) and sum(world.counts(id_).values()) == 3
    world.fail()
    assert settled(world, id_)["phase"] == "destroyed" and world.counts(id_) == {}


def test_a_machine_that_never_starts_is_given_up_after_so_many_attempts(world: World) -> None:
    stuck = {"call": "create", "what": "stuck", "times": 0, "node": "worker"}
    policy = {"start_timeout": 60, "attempts": 2}
    id_ = world.build(cluster(resources={"worker": {"faults": [stuck]}}, policy=policy))
    assert "did not start" in world.run(id_)["error"]["message"]
    assert world.counts(id_) == {"master": 1} and world.is_whole(id_)
    assert len(world.house.machines(id_, gone=True)) == 5


def test_a_change_is_rolled_out_so_few_at_a_time(world: World) -> None:
    id_ = built(world, cluster(variables={"v": "1"}))
    world.scale(id_, "worker", to=4)
    world.run(id_)
    before = ids(world, id_)
    world.update(id_, cluster(variables={"v": "2"}))
    fewest = world.fewest_ready(id_, "worker")
    assert world.run(id_)["phase"] == "ready"
    assert not before & ids(world, id_) and world.counts(id_) == {"master": 1, "worker": 4}
    assert fewest() == 3


def test_a_change_that_fails_keeps_what_is_healthy(world: World) -> None:
    id_ = built(world, a_description({"worker": 4}))
    fault = {"call": "create", "what": "refused", "times": 0}
    world.update(id_, a_description({"worker": 4}, resources={"worker": {"faults": [fault]}}))
    assert world.run(id_)["phase"] == "failed"
    assert [each.state for each in world.machines(id_)] == [State.READY] * 3 and world.is_whole(id_)


def test_what_did_not_change_stays(world: World) -> None:
    id_ = built(world, a_description({"worker": (2, 5)}))
    before = ids(world, id_)
    world.update(id_, a_description({"worker": (1, 9)}))
    assert world.run(id_)["phase"] == "ready"
    assert len(before & ids(world, id_)) == 1
    world.update(id_, a_description({"worker": (3, 9)}))
    assert world.run(id_)["phase"] == "ready"
    assert len(before & ids(world, id_)) == 1 and len(ids(world, id_)) == 3


def test_removed_nodes_go_and_added_ones_come(world: World) -> None:
    id_ = built(world, a_description({"a": 2, "b": 1}, [("b", "a")]))
    kept = {each.id for each in of(world, id_, "b")}
    world.update(id_, a_description({"b": 1, "c": 2}))
    assert world.run(id_)["phase"] == "ready"
    assert world.counts(id_) == {"b": 1, "c": 2} and world.is_whole(id_)
    assert {each.id for each in of(world, id_, "b")} == kept


def test_the_youngest_go_first_and_a_chosen_one_before_them(world: World) -> None:
    id_ = built(world, a_description({"worker": (1, 9)}))
    for n in (2, 3, 4):
        world.scale(id_, "worker", to=n)
        world.run(id_)
    order = [each.id for each in sorted(world.machines(id_), key=lambda each: each.created)]
    world.scale(id_, "worker", by=-1)
    world.run(id_)
    assert ids(world, id_) == set(order[:3])
    world.scale(id_, "worker", drop=order[0])
    world.run(id_)
    assert ids(world, id_) == set(order[1:3])


def test_one_more_and_this_one_less_make_as_many_as_before(world: World) -> None:
    id_ = built(world, a_description({"worker": (1, 9)}))
    world.scale(id_, "worker", to=3)
    world.run(id_)
    victim = world.machines(id_)[0]
    world.scale(id_, "worker", by=1)
    world.scale(id_, "worker", drop=victim.addresses[0])
    world.run(id_)
    assert world.counts(id_) == {"worker": 3} and victim.id not in ids(world, id_)


def test_no_more_is_spent_than_the_budget(world: World) -> None:
    id_ = world.build(
        a_description({"worker": 5}, resources={"worker": {"price": 0.5}}, policy={"budget": 1.6})
    )
    assert world.run(id_)["error"]["code"] == "over_budget"
    assert world.counts(id_) == {"worker": 3}


def test_a_wish_that_comes_meanwhile_is_part_of_the_pass(world: World) -> None:
    id_ = world.build(a_description({"worker": (2, 9)}))
    world.clock.after(1.0, lambda: world.scale(id_, "worker", to=5))
    assert world.run(id_)["phase"] == "ready"
    assert world.counts(id_) == {"worker": 5} and world.house.get(id_).done == 2


def test_destroyed_while_it_is_built_nothing_remains(world: World) -> None:
    for moment in (0.05, 0.5, 2.05, 2.5, 3.5):
        id_ = world.build(cluster(resources={"worker": {"late": 1}}))
        world.clock.after(moment, lambda id_=id_: world.house.destroy(id_))  # type: ignore[misc]
        assert settled(world, id_)["phase"] == "destroyed"
        assert world.counts(id_) == {}


def test_paused_nothing_is_done(world: World) -> None:
    id_ = world.build(cluster())
    world.clock.after(1.0, lambda: world.house.pause(id_))
    world.run(id_)
    assert world.counts(id_) == {"master": 1}
    world.house.pause(id_, False)
    assert world.run(id_)["phase"] == "ready"


def test_a_machine_that_no_row_knows_is_ended(world: World) -> None:
    id_ = built(world, cluster())
    cloud = Simulated({}, Means(str(world.folder)), world.clock.seconds)
    cloud.create(Order(id_, "lab", "nobody", "worker", "x", {"type": "simulated"}))
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready" and world.is_whole(id_)


@pytest.mark.parametrize("what", ["vanishes", "dies", "ill", "stops"])
def test_the_keeper_asks_for_one_pass_and_only_when_something_is_wrong(world: World, what: str) -> None:
    id_ = built(world, a_description({"worker": 3}, health={"worker": {"timeout": 30}}))
    look, before = world.keeper(), ids(world, id_)
    for _ in range(5):
        look()
        world.clock.sleep(10)
    assert world.house.get(id_).turn == 1
    world.fail({"call": "machines", "what": "empty"})
    world.kept(id_, look, seconds=30)
    assert ids(world, id_) == before
    lost = world.machines(id_)[0].id
    world.cloud.befall(lost, what)
    world.kept(id_, look, seconds=80)
    assert before - ids(world, id_) == {lost}
    assert world.counts(id_) == {"worker": 3} and world.is_whole(id_)
    assert world.house.get(id_).phase == "ready"


def test_the_keeper_minds_a_cluster_whose_pass_was_still_there_when_it_was_told(world: World) -> None:
    id_ = world.build(a_description({"worker": 2}))
    look = world.keeper()
    world.a_pass(id_, Fuse()).run()
    look()  # The pass has said that it reached its wish; its job has not ended yet.
    for lease in world.house.lease():
        world.house.finish(lease)
    world.cloud.befall(world.machines(id_)[0].id, "vanishes")
    assert world.kept(id_, look, seconds=80) == 1
    assert world.counts(id_) == {"worker": 2} and world.is_whole(id_)


def test_the_keeper_tries_again_ever_more_seldom_where_passes_do_not_help(world: World) -> None:
    refused = {"call": "create", "what": "refused", "times": 0}
    id_ = world.build(a_description({"worker": 1}, resources={"worker": {"faults": [refused]}}))
    world.run(id_)
    passes = world.kept(id_, world.keeper(), seconds=1200)
    assert 3 <= passes <= 8


def test_what_the_keeper_wrote_meanwhile_keeps_no_pass_from_its_end(world: World) -> None:
    id_ = built(world, cluster())
    world.scale(id_, "worker", to=4)
    world.run(id_)
    world.scale(id_, "worker", to=2)
    course = world.a_pass(id_, Fuse())
    ailing = [{"id": each.id, "was": "ready", "state": "ailing"} for each in world.machines(id_)]
    world.house.ask({"op": "changes", "infra": id_, "changes": ailing, "happened": []})
    assert course.run()["phase"] == "ready"
    assert world.counts(id_) == {"master": 1, "worker": 2} and world.is_whole(id_)


def test_two_who_ask_to_heal_get_one_machine(world: World) -> None:
    id_ = built(world, cluster())
    world.cloud.befall(of(world, id_, "worker")[0].id, "vanishes")
    world.house.heal(id_)
    world.house.heal(id_)
    world.run(id_)
    world.run(id_)
    assert world.counts(id_) == {"master": 1, "worker": 2} and world.is_whole(id_)
    assert len(world.house.machines(id_, gone=True)) == 4


def test_machines_that_read_no_user_data_are_configured_and_drained(new_world: Worlds) -> None:
    world = new_world(contextualises=False)
    id_ = built(world, cluster(drain={"worker": "stop work"}, kind="process"))
    assert len(world.runs) == 2 and all("/etc/master" in each for each in world.runs)
    world.house.destroy(id_)
    world.run(id_)
    assert world.runs[2:] == ["stop work"] * 2 and world.counts(id_) == {}
