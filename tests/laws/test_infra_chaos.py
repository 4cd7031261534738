"""Any sequence of wishes, faults and deaths ends with the wanted machines: none leaked, none lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoal.base.database import Database, open_database
from shoal.infra.deciding.targets import wanted
from shoal.infra.plain import description_of
from shoal.infra.templating.renderer import Renderer
from tests.support.infra_world import Fuse, Killed, World, a_description

FAULTS = (
    *({"call": "create", "what": what} for what in ("before", "after", "stuck", "dies", "vanishes", "late")),
    *({"call": "drop", "what": what} for what in ("before", "after")),
    *({"call": "machines", "what": what} for what in ("before", "empty")),
)
FOLLOWS = "echo {{ getip('master') }} > /etc/master"

nth = st.integers(1, 4)
fault = st.builds(lambda one, n: {**one, "nth": n, "after": 2}, st.sampled_from(FAULTS), nth)
act = st.one_of(
    st.tuples(st.just("scale"), st.integers(1, 4)),
    st.tuples(st.just("drop"), st.integers(0, 3)),
    st.tuples(st.just("change"), st.integers(1, 3)),
    st.tuples(st.sampled_from(["vanishes", "dies"]), st.integers(0, 3)),
    st.tuples(st.just("heal"), st.none()),
)
# What happens, what goes wrong, after how many changes the pass is killed, and whether one runs at all.
step = st.tuples(act, st.lists(fault, max_size=2), st.none() | st.integers(1, 40), st.booleans())


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("chaos") / "shoal.db"
    path.write_bytes(sqlite_template.read_bytes())
    opened = open_database(f"sqlite:///{path}")
    yield opened
    opened.close()


def description(version: int) -> dict[str, Any]:
    nodes: dict[str, int | tuple[int, int]] = {"master": 1, "worker": (1, 9)}
    contexts = {"worker": FOLLOWS}
    variables, policy = {"v": version}, {"start_timeout": 30}
    needs = [("worker", "master")]
    return a_description(nodes, needs, contexts=contexts, variables=variables, policy=policy)


def apply(world: World, id: str, what: str, value: Any) -> None:
    workers = [each for each in world.machines(id) if each.node == "worker"]
    if what == "scale":
        world.scale(id, "worker", to=value)
    elif what == "change":
        world.update(id, description(value))
    elif what == "drop" and len(workers) > 1 and wanted_of(world, id)["worker"] > 1:
        victims = [each for each in workers if each.id not in world.house.get(id).condemned]
        standing = [each for each in victims if each.state not in ("draining", "dropping")]
        if standing:
            world.scale(id, "worker", drop=standing[value % len(standing)].id)
    elif what in ("vanishes", "dies") and world.machines(id):
        there = world.machines(id)
        world.cloud.befall(there[value % len(there)].id, what)
    world.house.heal(id)


def wanted_of(world: World, id: str) -> dict[str, int]:
    infra = world.house.get(id)
    described = description_of(infra.description)
    return {node.name: wanted(described, infra.targets, node.name) for node in described.nodes}


def killed(world: World, id: str, after: int | None) -> None:
    try:
        world.run(id, Fuse(after))
    except Killed:
        return


def the_machines_are_those_that_are_wanted(world: World, steps: list[Any]) -> None:
    id_ = world.build(description(0))
    for (what, value), faults, after, runs in steps:
        world.fail(*faults)
        if runs:
            killed(world, id_, after)
        apply(world, id_, what, value)
    world.fail()
    for _ in range(4):  # A pass that gave something up is followed by others, as the keeper asks for them.
        world.release(id_)
        if world.run(id_).get("phase") == "ready":
            break
    assert world.counts(id_) == wanted_of(world, id_) and world.is_whole(id_)
    assert {each.state for each in world.machines(id_)} == {"ready"}
    (master,) = [each for each in world.machines(id_) if each.node == "master"]
    workers = [each for each in world.machines(id_) if each.node == "worker"]
    assert all(each.saw == {"master": [master.id]} for each in workers)
    world.house.destroy(id_)
    world.run(id_)
    assert world.counts(id_) == {} and world.house.get(id_).phase == "destroyed"


def examples(n: int) -> settings:
    return settings(
        max_examples=n, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )


@examples(15)
@given(steps=st.lists(step, min_size=1, max_size=5))
def test_whatever_happens_the_machines_are_those_that_are_wanted(
    database: Database, renderer: Renderer, tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    the_machines_are_those_that_are_wanted(World(database, tmp_path_factory.mktemp("world"), renderer), steps)


@pytest.mark.slow
@examples(100)
@given(steps=st.lists(step, min_size=1, max_size=8))
def test_whatever_happens_for_long_the_machines_are_those_that_are_wanted(
    database: Database, renderer: Renderer, tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    the_machines_are_those_that_are_wanted(World(database, tmp_path_factory.mktemp("world"), renderer), steps)
