"""A fault at every call of a provider in turn: no machine leaks, none is lost, and what was begun goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from shoal.base.database import Database, open_database
from shoal.infra.providers.simulation.cloud import Cloud
from shoal.infra.templating.renderer import Renderer
from tests.support.infra_world import World, a_description, settled

Worlds = Callable[[], World]
FOLLOWS = "echo {{ getip('master') }} > /etc/master"
QUICK = {"start_timeout": 20, "attempts": 2}
FAULTS = [
    ("create", "after"),
    ("create", "late"),
    ("drop", "before"),
    ("drop", "after"),
    ("machines", "empty"),
]
SELDOM = [
    *(("create", what) for what in ("before", "vanishes", "no_capacity", "refused", "stuck", "dies", "ill")),
    ("machines", "before"),
]


@pytest.fixture
def new_world(tmp_path: Path, sqlite_template: Path, renderer: Renderer) -> Iterator[Worlds]:
    path = tmp_path / "shoal.db"
    path.write_bytes(sqlite_template.read_bytes())
    opened: Database = open_database(f"sqlite:///{path}")
    numbers = count()

    def new() -> World:
        folder = tmp_path / f"{next(numbers)}"
        folder.mkdir()
        return World(opened, folder, renderer)

    yield new
    opened.close()


def cluster(version: int) -> dict[str, Any]:
    """Return a description of machines that take a moment to run and are listed a moment late."""
    quick = {"delay": 0.3, "late": 0.2}
    return a_description(
        {"master": 1, "worker": 2},
        [("worker", "master")],
        resources={"master": quick, "worker": quick},
        contexts={"worker": FOLLOWS},
        health={"master": {"timeout": 5}, "worker": {"timeout": 5}},
        variables={"v": version},
        policy=QUICK,
    )


def reached(world: World, id: str, phase: str, wanted: dict[str, int]) -> None:
    """Let passes run as the keeper and a person ask for them, and hold rows and machines to each other."""
    for _ in range(5):
        if settled(world, id).get("phase") == phase and world.counts(id) == wanted:
            break
        world.clock.sleep(6)
        world.house.heal(id) if phase == "destroyed" else world.release(id)
    assert world.house.get(id).phase == phase, world.house.get(id)
    assert world.counts(id) == wanted
    assert world.is_whole(id)


def lived(world: World) -> None:
    """Build, lose a worker and have one more, change everything, and destroy."""
    id_ = world.build(cluster(1))
    reached(world, id_, "ready", {"master": 1, "worker": 2})
    lost = next(each.id for each in world.machines(id_) if each.node == "worker")
    world.cloud.befall(lost, "vanishes")
    world.scale(id_, "worker", to=3)
    reached(world, id_, "ready", {"master": 1, "worker": 3})
    assert lost not in {each.id for each in world.machines(id_)}
    world.update(id_, cluster(2))
    reached(world, id_, "ready", {"master": 1, "worker": 3})
    (master,) = [each for each in world.machines(id_) if each.node == "master"]
    workers = [each for each in world.machines(id_) if each.node == "worker"]
    assert all(each.saw == {"master": [master.id]} for each in workers)
    world.house.destroy(id_)
    reached(world, id_, "destroyed", {})


@pytest.mark.parametrize(
    ("call", "what"), [*FAULTS, *(pytest.param(*fault, marks=pytest.mark.slow) for fault in SELDOM)]
)
def test_whichever_call_fails_no_machine_is_leaked_or_lost(new_world: Worlds, call: str, what: str) -> None:
    times = 8 if call == "machines" else 1  # Such calls are many.
    for nth in count(1, times):
        world = new_world()
        world.fail({"call": call, "what": what, "nth": nth, "times": times, "after": 0.5})
        lived(world)
        if calls(world) < nth:
            break
    assert nth > 8


def calls(world: World) -> int:
    """Return how many calls the fault of a world has looked at."""
    with Cloud(world.folder).changed() as connection:
        ((n,),) = connection.execute("SELECT max(n) FROM counts").fetchall()
    return int(n)
