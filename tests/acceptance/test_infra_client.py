"""Clusters of machines from Python: what `wait` means, and the same with `await`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.client import AsyncClient, Client
from shoal.client.infrastructure import InfrastructureFailed
from tests.support.clusters import built, bundle, written
from tests.support.server import Served, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("client") / "home", infra={"interval": 0.5}) as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


def test_waiting_tells_of_each_step_and_of_the_end(client: Client, tmp_path: Path) -> None:
    written(tmp_path)
    seen: list[int] = []

    def changed(infra: Any) -> None:
        seen.append(infra.facts["nodes"]["worker"]["ready"])

    infra = client.infra.build(bundle(tmp_path)).wait(on_change=changed, timeout=120)
    assert (infra.phase, seen[0], seen[-1]) == ("ready", 0, 2)
    assert infra.facts["levels"] == [["front"], ["worker"]]
    kinds = [each["kind"] for each in infra.events()]
    assert kinds[0] == "infrastart" and kinds[-1] == "infraready"


def test_what_cannot_be_reached_is_raised_with_its_reason(client: Client, tmp_path: Path) -> None:
    written(tmp_path, instead={"price: 0.1": "endpoint: full\n      quota: 0"})
    infra = client.infra.build(bundle(tmp_path))
    with pytest.raises(InfrastructureFailed) as failed:
        infra.wait(timeout=120)
    assert failed.value.details["error"]["code"] == "no_capacity"
    assert [each["node"] for each in infra.instances() if each["state"] == "ready"] == ["front"]


def test_waiting_ends_by_time_and_for_what_is_paused(client: Client, tmp_path: Path) -> None:
    written(tmp_path, instead={"price: 0.25": "delay: 600"})
    infra = client.infra.build(bundle(tmp_path))
    with pytest.raises(TimeoutError):
        infra.wait(timeout=0.2)
    infra.pause()
    with pytest.raises(Conflict, match="paused"):
        infra.wait(timeout=60)
    assert infra.destroy().wait(timeout=120).phase == "destroyed"


def test_one_key_builds_once(client: Client, tmp_path: Path) -> None:
    written(tmp_path)
    ids = {client.infra.build(bundle(tmp_path), key="once").id for _ in range(2)}
    assert len(ids) == 1


def test_faults_come_with_their_places(client: Client, tmp_path: Path) -> None:
    written(tmp_path, instead={"type: worker_node": "type: nothing"})
    for ask in (client.infra.validate, client.infra.plan, client.infra.build):
        with pytest.raises(InvalidInput) as wrong:
            ask(bundle(tmp_path))
        (fault,) = wrong.value.details["faults"]
        assert (fault["line"], fault["file"].endswith("infra-demo.yaml")) == (9, True)


def test_what_is_kept_is_listed(client: Client, tmp_path: Path) -> None:
    written(tmp_path)
    assert client.infra.import_definitions(bundle(tmp_path)) == ["front_node", "worker_node"]
    assert [each["type"] for each in client.infra.definitions()] == ["front_node", "worker_node"]
    assert client.infra.validate(bundle(tmp_path))["levels"] == [["front"], ["worker"]]
    id = built(client, tmp_path)
    assert next(iter(client.infra)).id == id
    with pytest.raises(NotFound):
        client.infra.get("nothing")


def test_all_of_it_can_be_awaited(server: Served, tmp_path: Path) -> None:
    written(tmp_path)

    async def lived() -> list[str]:
        async with AsyncClient(server.url) as client:
            infra = await client.infra.build(bundle(tmp_path))
            phases = [(await infra.wait(timeout=120)).phase]
            await (await infra.scale("worker", by=1)).wait(timeout=120)
            assert len(await infra.instances()) == 4
            assert (await infra.cost())["per_hour"] == pytest.approx(0.55)
            assert not [step for step in (await infra.plan())["steps"] if step["act"] != "keep"]
            assert infra.id in [one.id async for one in client.infra]
            phases.append((await (await infra.destroy()).wait(timeout=120)).phase)
            return phases

    assert asyncio.run(lived()) == ["ready", "destroyed"]
