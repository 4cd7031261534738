"""Clouds that answer late, wrongly or never, clocks that jump: no machine is leaked, and every wait ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from shoal.base.database import open_database
from shoal.infra.deciding.patience import Patience
from shoal.infra.states import State
from shoal.infra.templating.renderer import Renderer
from tests.support.infra_world import World, a_description, settled

MINUTE, HOUR = 60.0, 3600.0
Fault = Mapping[str, Any]
# Of a provider that fails to tell whether it made what was asked for, and made it.
LOST_ANSWER: Fault = {"call": "create", "what": "after", "times": 0, "node": "worker"}


@pytest.fixture
def world(tmp_path: Path, sqlite_template: Path, renderer: Renderer) -> Iterator[World]:
    path = tmp_path / "shoal.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{path}")
    yield World(database, tmp_path, renderer)
    database.close()


def built(world: World, description: dict[str, Any]) -> str:
    id_ = world.build(description)
    assert world.run(id_)["phase"] == "ready"
    return id_


def ids(world: World, id: str) -> set[str]:
    return {each.id for each in world.machines(id)}


def took(world: World, do: Callable[[], object]) -> float:
    """Return how many seconds something took, as the world's clock has it."""
    begun = world.clock.now
    do()
    return (world.clock.now - begun) / 1e6


def test_a_machine_made_where_creation_failed_is_ended_before_it_is_forgotten(world: World) -> None:
    """Who goes on to the next place must not forget what could not be ended here."""
    bad = {"endpoint": "bad", "delay": 30, "faults": [{**LOST_ANSWER, "times": 1}]}
    places = {"worker": [bad, {"endpoint": "good"}]}
    description = a_description({"worker": 1}, resources=places, policy={"attempts": 1})
    world.fail({"call": "drop", "what": "before", "times": 4})
    id_ = world.build(description)
    kept = []
    world.clock.watch = lambda: kept.append({row.instance for row in world.cloud.there()} <= ids(world, id_))
    assert settled(world, id_)["phase"] == "ready"
    assert all(kept)
    assert [each.place["endpoint"] for each in world.machines(id_)] == ["good"]
    assert world.counts(id_) == {"worker": 1} and world.is_whole(id_)


def test_where_nobody_was_there_to_be_asked_nobody_is_waited_for(world: World) -> None:
    """A container engine that was never started: destroying does not wait until it is."""
    away = [{"call": call, "what": "before", "times": 0} for call in ("machines", "drop")]
    world.fail({"call": "create", "what": "unreachable", "times": 0}, *away)
    id_ = world.build(a_description({"worker": 2}))
    assert world.run(id_)["error"]["type"] == "provider_unreachable"
    world.house.destroy(id_)
    assert took(world, lambda: world.run(id_)) < MINUTE
    assert world.house.get(id_).phase == "destroyed" and world.machines(id_) == []


def test_who_was_asked_before_nobody_was_there_may_have_made_a_machine(world: World) -> None:
    world.fail({**LOST_ANSWER, "times": 1}, {"call": "create", "what": "unreachable", "nth": 2, "times": 0})
    id_ = world.build(a_description({"worker": 1}, policy={"attempts": 2}))
    settled(world, id_)
    world.house.destroy(id_)
    assert settled(world, id_)["phase"] == "destroyed"
    assert world.counts(id_) == {}


def test_a_creation_that_timed_out_and_cannot_be_ended_for_a_minute_leaks_nothing(world: World) -> None:
    """Creation timed out, and each termination says: try again in 60 seconds."""
    world.fail(LOST_ANSWER, {"call": "drop", "what": "before", "times": 0})
    world.clock.after(MINUTE, world.fail)
    id_ = world.build(a_description({"worker": 1}, policy={"attempts": 1}))
    assert "error" in world.run(id_)
    assert world.is_whole(id_) and world.counts(id_) == {"worker": 1}
    assert [each.state for each in world.machines(id_)] == [State.DROPPING]
    world.house.destroy(id_)
    assert "error" in world.run(id_)
    assert world.is_whole(id_) and world.house.get(id_).phase == "destroying"
    world.clock.sleep(MINUTE)
    assert settled(world, id_)["phase"] == "destroyed"
    assert world.counts(id_) == {}


def test_a_termination_that_was_agreed_to_and_not_done_is_noticed(world: World) -> None:
    """A termination request that succeeds does not always end the machine."""
    id_ = built(world, a_description({"worker": 2}))
    world.fail({"call": "drop", "what": "ignored", "times": 3})
    world.house.destroy(id_)
    assert settled(world, id_)["phase"] == "destroyed"
    assert world.counts(id_) == {}


def test_a_machine_that_never_goes_is_told_of_and_keeps_its_row(world: World) -> None:
    id_ = built(world, a_description({"worker": 2}))
    world.fail({"call": "drop", "what": "ignored", "times": 0})
    world.house.destroy(id_)
    told: dict[str, Any] = {}
    assert took(world, lambda: told.update(world.run(id_))) < 20 * MINUTE
    assert "still shows it" in told["error"]["title"]
    assert world.is_whole(id_) and world.counts(id_) == {"worker": 2}
    assert all("still shows it" in each.reason for each in world.machines(id_))
    world.fail()
    assert settled(world, id_)["phase"] == "destroyed"
    assert world.counts(id_) == {}


def test_an_old_absence_is_no_proof_that_a_termination_was_done(world: World) -> None:
    id_ = built(world, a_description({"worker": 2}))
    world.fail({"call": "machines", "what": "empty", "times": 0})
    world.kept(id_, world.keeper(), seconds=10)
    assert all(each.missing_since for each in world.machines(id_))
    world.fail({"call": "drop", "what": "ignored", "times": 2}, {"call": "machines", "what": "empty"})
    world.house.destroy(id_)
    assert settled(world, id_)["phase"] == "destroyed"
    assert world.counts(id_) == {}


@pytest.mark.parametrize("destroyed", [False, True])
def test_a_machine_that_is_shown_a_minute_after_its_creation_failed_is_ended(
    world: World, destroyed: bool
) -> None:
    world.patience = Patience(listed={})
    late = {"faults": [LOST_ANSWER], "late": MINUTE}
    id_ = world.build(a_description({"worker": 1}, resources={"worker": late}, policy={"attempts": 1}))
    if destroyed:
        world.clock.after(2.0, lambda: world.house.destroy(id_))
    settled(world, id_)
    assert world.counts(id_) == {}
    assert world.machines(id_) == []


def test_throttled_calls_are_made_again_until_they_are_let_through(world: World) -> None:
    world.fail(*({"call": call, "what": "throttled", "times": 12} for call in ("create", "drop", "machines")))
    id_ = built(world, a_description({"worker": 3}))
    assert len(world.house.machines(id_, gone=True)) == 3
    world.house.destroy(id_)
    assert settled(world, id_)["phase"] == "destroyed"
    assert world.counts(id_) == {}


def test_throttled_for_longer_than_a_start_may_take_a_build_ends(world: World) -> None:
    world.fail({"call": "create", "what": "throttled", "times": 0})
    id_ = world.build(a_description({"worker": 2}, policy={"start_timeout": 40, "attempts": 1}))
    told: dict[str, Any] = {}
    assert took(world, lambda: told.update(world.run(id_))) < 20 * MINUTE
    assert "did not start within 40 seconds" in told["error"]["message"]
    assert "fewer requests" in told["error"]["message"]
    assert world.house.get(id_).phase == "failed" and world.counts(id_) == {}


def test_a_cloud_that_does_not_answer_does_not_end_what_is_made_in_another(world: World) -> None:
    away, slow = {"endpoint": "away"}, {"endpoint": "here", "delay": 300}
    id_ = built(world, a_description({"old": 1, "worker": 1}, resources={"old": away, "worker": slow}))
    world.away.add("away")
    world.scale(id_, "worker", to=3)
    assert world.run(id_)["phase"] == "ready"
    assert world.counts(id_) == {"old": 1, "worker": 3}


def test_while_a_provider_shows_nothing_for_long_a_build_says_so_and_ends(world: World) -> None:
    world.fail({"call": "machines", "what": "before", "times": 0})
    id_ = world.build(a_description({"worker": 1}))
    assert took(world, lambda: world.run(id_)) < 5 * MINUTE
    infra = world.house.get(id_)
    assert infra.phase == "degraded" and "does not answer" in (infra.error or {})["message"]
    world.fail()
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready" and world.is_whole(id_)


def test_a_clock_that_is_set_back_makes_nobody_wait_until_it_is_that_late_again(world: World) -> None:
    id_ = built(world, a_description({"worker": 5}, health={"worker": {"timeout": 30}}))
    look, before = world.keeper(), ids(world, id_)
    missing, ill = sorted(before)[:2]
    world.cloud.befall(missing, "vanishes")
    world.cloud.befall(ill, "ill")
    look()
    world.clock.jump(-HOUR)
    world.kept(id_, look, seconds=200)
    assert before - ids(world, id_) == {missing, ill}
    assert world.house.get(id_).phase == "ready" and world.is_whole(id_)


def test_a_clock_that_is_set_back_while_machines_are_made_delays_none_of_them(world: World) -> None:
    id_ = world.build(a_description({"worker": 2}))
    world.clock.after(1.0, lambda: world.clock.jump(-HOUR))
    assert took(world, lambda: world.run(id_)) < MINUTE
    assert world.house.get(id_).phase == "ready" and world.is_whole(id_)


def test_an_absence_counts_only_while_the_provider_answers(world: World) -> None:
    """An empty answer, and then none for long: nobody has said twice that a machine is gone."""
    id_ = built(world, a_description({"worker": 1}))
    look, before = world.keeper(), ids(world, id_)
    world.fail({"call": "machines", "what": "empty"})
    look()
    assert all(each.missing_since for each in world.machines(id_))
    world.fail({"call": "machines", "what": "before", "times": 0})
    world.kept(id_, look, seconds=40)
    world.house.heal(id_)
    world.run(id_)
    assert ids(world, id_) == before and world.is_whole(id_)


def test_machines_that_die_as_soon_as_they_are_ready_are_replaced_ever_more_seldom(world: World) -> None:
    id_ = built(world, a_description({"worker": 1}))
    look = world.keeper()
    world.fail({"call": "create", "what": "dies", "times": 0, "after": 5})
    world.cloud.befall(world.machines(id_)[0].id, "dies")
    assert world.kept(id_, look, seconds=2 * HOUR) < 30
    world.fail()
    world.kept(id_, look, seconds=20 * MINUTE)
    assert world.house.get(id_).phase == "ready" and world.counts(id_) == {"worker": 1}
    world.kept(id_, look, seconds=20 * MINUTE)
    world.cloud.befall(world.machines(id_)[0].id, "dies")
    assert world.kept(id_, look, seconds=30) == 1  # That was once, and is forgotten.


def test_a_machine_that_came_late_goes_with_its_infrastructure(world: World) -> None:
    late = {"faults": [LOST_ANSWER], "late": 30}
    id_ = world.build(a_description({"worker": 1}, resources={"worker": late}, policy={"attempts": 1}))
    world.run(id_)
    assert world.machines(id_) == [] and world.counts(id_) == {"worker": 1}
    world.clock.sleep(30)
    world.house.destroy(id_)
    assert settled(world, id_)["phase"] == "destroyed"
    assert world.counts(id_) == {}


def test_destroyed_while_the_keeper_heals_and_destroyed_again_nothing_remains(world: World) -> None:
    for moment in (0.0, 0.5, 1.5):
        id_ = built(world, a_description({"worker": 3}))
        look = world.keeper()
        world.cloud.befall(world.machines(id_)[0].id, "dies")
        look()
        assert world.house.get(id_).turn == 2
        for again in (moment, moment + 1.0):
            world.clock.after(again, lambda id_=id_: world.house.destroy(id_))  # type: ignore[misc]
        world.clock.after(moment, look)
        assert settled(world, id_)["phase"] == "destroyed"
        assert world.counts(id_) == {} and world.machines(id_) == []
        turn = world.house.destroy(id_).turn
        look()
        assert world.house.get(id_).turn == turn


def test_a_machine_that_was_unwell_when_somebody_last_looked_is_looked_at_before_it_is_replaced(
    world: World,
) -> None:
    id_ = built(world, a_description({"worker": 3}, health={"worker": {"timeout": 30}}))
    before, sick = ids(world, id_), world.machines(id_)[0].id
    world.cloud.befall(sick, "ill")
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "degraded"
    world.cloud.befall(sick, "ill", after=24 * HOUR)
    world.clock.sleep(HOUR)  # Nobody looks, or the server is down.
    world.house.heal(id_)
    assert world.run(id_)["phase"] == "ready" and ids(world, id_) == before
