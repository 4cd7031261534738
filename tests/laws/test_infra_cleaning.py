"""Of a destroyed infrastructure nothing is left anywhere: every place that ever made machines is cleaned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.base.database import open_database
from shoal.infra.templating.renderer import Renderer
from tests.support.infra_world import Fuse, World, a_description, settled


@pytest.fixture
def world(tmp_path: Path, sqlite_template: Path) -> Iterator[World]:
    path = tmp_path / "shoal.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{path}")
    with Renderer() as renderer:
        yield World(database, tmp_path, renderer)
    database.close()


def test_places_that_are_no_longer_used_are_cleaned_too(world: World) -> None:
    id_ = world.build(a_description({"worker": 1}, resources={"worker": {"endpoint": "old"}}))
    assert world.run(id_)["phase"] == "ready"
    world.update(id_, a_description({"worker": 1}, resources={"worker": {"endpoint": "new"}}))
    assert world.run(id_)["phase"] == "ready"
    assert {each.place["endpoint"] for each in world.machines(id_)} == {"new"}
    world.house.destroy(id_)
    assert world.run(id_)["phase"] == "destroyed"
    assert sorted(world.cleaned) == ["new", "old"]


def test_killed_while_it_is_destroyed_it_is_cleaned_nevertheless(world: World) -> None:
    def life(fuse: Fuse) -> None:
        quick = {"worker": {"endpoint": "cloud", "delay": 0.2}}
        id_ = world.build(a_description({"worker": 1}, resources=quick))
        assert world.run(id_)["phase"] == "ready"
        world.house.destroy(id_)
        world.cleaned.clear()
        assert settled(world, id_, fuse)["phase"] == "destroyed"
        assert world.cleaned

    whole = Fuse()
    life(whole)
    for n in range(1, whole.count):
        life(Fuse(n))
