"""Machines deleted behind a server's back are made anew unasked, and followed by those who knew them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from shoal.client import Client
from shoal.client.infrastructure import Infrastructure
from tests.support.containers import Containers, running_containers
from tests.support.infra_store import a_bundle
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

SOON = 90.0
Facts = dict[str, Any]
Machines = dict[str, list[Facts]]


@dataclass(frozen=True)
class Ground:
    """Where machines are: `delete` takes one away behind everybody's back, `known` reads its file."""

    resource: Facts
    delete: Callable[[Facts], None]
    known: Callable[[Facts], str]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with running_server(tmp_path / "home", infra={"interval": 0.5, "missing": 1.0}) as served:
        yield served


@pytest.fixture(scope="module")
def engine() -> Iterator[Containers]:
    with running_containers() as made:
        yield made


def of_processes(server: Served) -> Ground:
    def folder(machine: Facts) -> Path:
        (found,) = server.home.glob(f"infra/*/machines/{machine['id']}")
        return found

    def delete(machine: Facts) -> None:
        place = folder(machine)
        living = processes(str(place))
        assert living
        shutil.rmtree(place)
        if machine["node"] == "master":  # Of the other, nobody kills what runs in it.
            for each in living:
                each.kill()

    return Ground({"type": "process"}, delete, lambda one: (folder(one) / "home" / "known").read_text())


def processes(place: str) -> list[psutil.Process]:
    """Return those that a machine's folder is named to."""
    return [each for each in psutil.process_iter(["cmdline"]) if place in str(each.info["cmdline"])]


def of_containers(engine: Containers) -> Ground:
    def container(machine: Facts) -> str:
        (found,) = engine.labelled(f"shoal.instance={machine['id']}")
        return found

    def delete(machine: Facts) -> None:
        engine.run("rm", "--force", container(machine))

    resource = {"type": "docker", "endpoint": engine.socket, "origin": "local"}
    return Ground(
        {**resource, "image": "busybox", "tag": "latest"},
        delete,
        lambda one: engine.run("exec", container(one), "cat", "known"),
    )


def heals_itself(server: Served, ground: Ground) -> None:
    """Lose a worker and then the master, and give no command until all is destroyed."""
    with Client(server.url) as client:
        infra = client.infra.build(bundle(ground)).wait(timeout=SOON)
        try:
            first = machines(infra)
            lost = first["worker"][0]
            ground.delete(lost)
            second = healed(infra, {lost["id"]})
            assert ids(first) - ids(second) == {lost["id"]}
            (master,) = second["master"]
            ground.delete(master)
            third = healed(infra, ids(second))
            (master,) = third["master"]
            assert [ground.known(each).strip() for each in third["worker"]] == [master["addresses"][0]] * 2
            assert len(infra.instances(gone=True)) == 7
        finally:
            assert infra.refresh().destroy().wait(timeout=SOON).phase == "destroyed"


def bundle(ground: Ground) -> Facts:
    made = a_bundle("healed")
    health = {"ping": False}
    context = {"type": "cloudinit", "context_template": {"runcmd": ["echo {{ getip(master) }} > known"]}}
    made["definitions"] = {
        "master_node": [{"resource": ground.resource, "health_check": health}],
        "worker_node": [{"resource": ground.resource, "health_check": health, "contextualisation": context}],
    }
    return made


def healed(infra: Infrastructure, lost: set[str]) -> Machines:
    """Return the machines once all is ready, and nobody is left of those lost."""

    def is_ready() -> bool:
        there = ids(machines(infra))
        return infra.refresh().phase == "ready" and infra.facts["done"] == infra.turn and not there & lost

    wait_until(is_ready, timeout=SOON, on_timeout=lambda: (infra.facts["phase"], [*infra.events()], lost))
    return machines(infra)


def machines(infra: Infrastructure) -> Machines:
    """Return the machines by node."""
    found: Machines = {}
    for each in infra.instances():
        found.setdefault(each["node"], []).append(each)
    return found


def ids(found: Machines) -> set[str]:
    return {each["id"] for all_ in found.values() for each in all_}


def test_processes_whose_folders_are_deleted_are_made_anew_and_followed(server: Served) -> None:
    heals_itself(server, of_processes(server))
    assert not list(server.home.glob("infra/*/machines/*"))
    place = f"{server.home / 'infra'}/"
    wait_until(lambda: not processes(place), on_timeout=lambda: processes(place))


@pytest.mark.real
def test_containers_that_are_deleted_are_made_anew_and_followed(server: Served, engine: Containers) -> None:
    heals_itself(server, of_containers(engine))
    assert engine.run("ps", "--all", "--quiet") == ""
