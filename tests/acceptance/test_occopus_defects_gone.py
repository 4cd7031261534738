"""What the older system did wrong while it built, changed and healed clusters is not done here.

Each test names the defect, as it was seen by running the older system's version 1.10.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.client import Client
from shoal.client.infrastructure import Infrastructure
from shoal.infra.providers.simulation.cloud import Cloud
from shoal.infra.providers.simulation.faults import CONTROL
from tests.support.clusters import INFRA, built, imported, written
from tests.support.occopus import occopus, started
from tests.support.server import Served, running_server

SOON = 60.0
PRICE = "price: 0.1"  # of a worker's section


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("defects") / "home"
    with running_server(home, infra={"interval": 0.5, "missing": 1.0}) as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


def cloud(server: Served, infra: Infrastructure) -> Cloud:
    return Cloud(server.home / "infra" / infra.id)


def counts(server: Served, infra: Infrastructure) -> dict[str, int]:
    """Return how many machines there really are, by node; they must be those that the server knows."""
    there = cloud(server, infra).there()
    assert sorted(row.instance for row in there) == sorted(each["id"] for each in infra.instances())
    return dict(Counter(row.node for row in there))


def of(infra: Infrastructure, node: str) -> set[str]:
    return {each["id"] for each in infra.instances() if each["node"] == node}


def test_one_more_and_a_chosen_one_less_leave_as_many(server: Served, client: Client, tmp_path: Path) -> None:
    """With 3 workers, a request for one more and one to drop a certain worker gave 2."""
    infra = client.infra.get(built(client, tmp_path, attach=False, least=1)).scale("worker", to=3)
    before = of(infra.wait(timeout=SOON), "worker")
    victim = min(before)
    words = ("scale", "-i", infra.id, "-n", "worker")
    assert occopus(*words, "-c", "+1", url=server.url, cwd=tmp_path).code == 0
    assert occopus(*words, "-f", victim, url=server.url, cwd=tmp_path).code == 0
    assert occopus("maintain", "-i", infra.id, url=server.url, cwd=tmp_path).code == 0
    assert counts(server, infra) == {"front": 1, "worker": 3}
    assert before - of(infra, "worker") == {victim}


def test_a_change_that_fails_destroys_nothing_that_is_healthy(
    server: Served, client: Client, tmp_path: Path
) -> None:
    """Any error of `occopus-build -i` destroyed the whole infrastructure that it should have changed."""
    imported(client, tmp_path, least=3)
    infra = client.infra.get(built(client, tmp_path, attach=False, least=3))
    front, workers = of(infra, "front"), of(infra, "worker")
    faults = server.home / "infra" / infra.id / CONTROL
    faults.write_text(json.dumps([{"call": "create", "what": "refused", "times": 0}]))
    written(tmp_path, least=3, shade="green")
    ran = occopus("build", "-i", infra.id, INFRA, url=server.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert infra.refresh().phase == "failed"
    assert counts(server, infra) == {"front": 1, "worker": 2}  # One at a time is replaced.
    assert of(infra, "front") == front
    assert of(infra, "worker") < workers
    faults.unlink()
    assert occopus("build", "-i", infra.id, INFRA, url=server.url, cwd=tmp_path).code == 0
    assert counts(server, infra) == {"front": 1, "worker": 3}


def test_where_one_of_many_fails_no_other_is_left_behind(
    server: Served, client: Client, tmp_path: Path
) -> None:
    """With --parallelize the rollback ran while others were still made: 3 machines ran on, unknown."""
    slow = "price: 0.1\n      delay: 0.5\n      faults: [{call: create, what: refused, nth: 2, times: 0}]"
    imported(client, tmp_path, least=5, instead={PRICE: slow})
    ran = occopus("build", INFRA, "--parallelize", url=server.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    named = re.search(r"occopus-destroy -i (\S+) takes it down", ran.err)
    assert named is not None, ran.err
    infra = client.infra.get(named[1])
    assert counts(server, infra) == {"front": 1, "worker": 1}
    assert infra.id in occopus("maintain", "-l", url=server.url, cwd=tmp_path).out
    assert occopus("destroy", "-i", infra.id, url=server.url, cwd=tmp_path).code == 0
    assert counts(server, infra) == {}


def test_a_changed_variable_reaches_machines_that_are_there(
    server: Served, client: Client, tmp_path: Path
) -> None:
    """`occopus-build -i` with changed variables left every machine as it was, though the documents say no."""
    imported(client, tmp_path)
    infra = client.infra.get(built(client, tmp_path, attach=False))
    front, workers = of(infra, "front"), of(infra, "worker")
    written(tmp_path, shade="green")
    assert occopus("build", "-i", infra.id, INFRA, url=server.url, cwd=tmp_path).code == 0
    assert of(infra, "front") == front
    assert not of(infra, "worker") & workers
    assert counts(server, infra) == {"front": 1, "worker": 2}


def test_an_id_that_is_not_there_is_no_new_infrastructure(
    server: Served, client: Client, tmp_path: Path
) -> None:
    """`occopus-build -i` with an unknown id quietly built a new infrastructure under that id."""
    imported(client, tmp_path)
    before = [each.id for each in client.infra.find(gone=True)]
    ran = occopus("build", "-i", "nobodyknowsit", INFRA, url=server.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert [each.id for each in client.infra.find(gone=True)] == before


def test_workers_follow_a_replaced_master(server: Served, client: Client, tmp_path: Path) -> None:
    """After the master had been replaced, its workers kept the old address."""
    infra = client.infra.get(built(client, tmp_path, attach=False))
    (lost,) = of(infra, "front")
    cloud(server, infra).befall(lost, "dies")
    assert occopus("maintain", "-i", infra.id, url=server.url, cwd=tmp_path).code == 0
    (master,) = of(infra, "front")
    assert master != lost
    assert [each["saw"] for each in infra.instances() if each["node"] == "worker"] == [
        {"front": [master]}
    ] * 2
    assert counts(server, infra) == {"front": 1, "worker": 2}


def test_a_machine_deleted_behind_our_back_is_mended(server: Served, client: Client, tmp_path: Path) -> None:
    """A query for a machine that was gone ended the whole pass, or called it ill for ever."""
    infra = client.infra.get(built(client, tmp_path, attach=False))
    kept = of(infra, "front") | of(infra, "worker")
    lost = min(of(infra, "worker"))
    cloud(server, infra).befall(lost, "vanishes")
    assert occopus("maintain", "-i", infra.id, url=server.url, cwd=tmp_path).code == 0
    assert counts(server, infra) == {"front": 1, "worker": 2}
    assert kept - of(infra, "front") - of(infra, "worker") == {lost}


def test_two_who_maintain_at_once_make_one_machine_of_one_request(
    server: Served, client: Client, tmp_path: Path
) -> None:
    """Nothing was locked: two programs at once made 2 machines of a request for one."""
    infra = client.infra.get(built(client, tmp_path, attach=False))
    words = ("scale", "-i", infra.id, "-n", "worker", "-c", "+1")
    assert occopus(*words, url=server.url, cwd=tmp_path).code == 0
    maintain = ("maintain", "-i", infra.id)
    with (
        started(*maintain, url=server.url, cwd=tmp_path) as one,
        started(*maintain, url=server.url, cwd=tmp_path) as other,
    ):
        assert [one.wait(SOON), other.wait(SOON)] == [0, 0]
    assert counts(server, infra) == {"front": 1, "worker": 3}
    assert len(infra.instances(gone=True)) == 4
