"""Many hands on one cluster, and calls that fail, through a real server: no wish and no machine is lost.

What the machines really are is read from the simulated cloud itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import Conflict
from shoal.client import Client
from shoal.client.infrastructure import Infrastructure
from shoal.infra.providers.simulation.cloud import FILE, Cloud
from tests.support.command import shoal
from tests.support.infra_store import a_bundle
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

SOON = 60.0


FAULTS = (
    {"call": "create", "what": "after", "nth": 2},
    {"call": "machines", "what": "empty", "nth": 3, "times": 2},
    {"call": "drop", "what": "before", "nth": 1},
)
SELDOM = (
    {"call": "create", "what": "before", "nth": 2},
    {"call": "create", "what": "late", "nth": 1, "after": 1},
    {"call": "drop", "what": "after", "nth": 2},
)


def named(fault: Mapping[str, Any]) -> str:
    return f"{fault['call']}-{fault['what']}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("hands") / "home"
    with running_server(home, infra={"interval": 0.5, "missing": 1.0}) as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


def bundle(resource: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a master and workers; `resource` is added to the workers' section."""
    made = a_bundle(least=1, **more)
    worker = [{"resource": {"type": "simulated", **(resource or {})}}]
    made["definitions"] = {**made["definitions"], "worker_node": worker}
    return made


def cloud(server: Served, infra: Infrastructure) -> Cloud:
    return Cloud(server.home / "infra" / infra.id)


def counts(server: Served, infra: Infrastructure) -> dict[str, int]:
    """Return how many machines there really are, by node; they must be those that the server knows."""
    there = cloud(server, infra).there()
    assert sorted(row.instance for row in there) == sorted(each["id"] for each in infra.instances())
    return dict(Counter(row.node for row in there))


def ever(infra: Infrastructure) -> int:
    return len(infra.instances(gone=True))


def destroyed(server: Served, infra: Infrastructure) -> None:
    assert infra.destroy().wait(timeout=SOON).phase == "destroyed"
    assert counts(server, infra) == {}


def together(*wishes: Callable[[], object]) -> None:
    """Do things at the same moment, each with a connection of its own."""
    with ThreadPoolExecutor(len(wishes)) as pool:
        for done in [pool.submit(wish) for wish in wishes]:
            done.result()


def by_another(server: Served, infra: Infrastructure, wish: Callable[[Infrastructure], object]) -> None:
    with Client(server.url) as another:
        wish(another.infra.get(infra.id))


def test_wishes_of_many_at_once_all_count_once(server: Served, client: Client) -> None:
    infra = client.infra.build(bundle({"delay": 0.3}), attach=False).wait(timeout=SOON)
    more = [lambda: by_another(server, infra, lambda one: one.scale("worker", by=1)) for _ in range(4)]
    together(*more, *(lambda: by_another(server, infra, lambda one: one.heal()) for _ in range(3)))
    infra.refresh().wait(timeout=SOON)
    assert infra.phase == "ready"
    assert counts(server, infra) == {"master": 1, "worker": 5}
    assert ever(infra) == 6
    assert infra.facts["turn"] == 8
    destroyed(server, infra)


@pytest.mark.parametrize("attached", [True, False])
def test_two_who_heal_at_once_make_one_machine(server: Served, client: Client, attached: bool) -> None:
    infra = client.infra.build(bundle(), attach=attached).scale("worker", to=3).wait(timeout=SOON)
    lost = next(each["id"] for each in infra.instances() if each["node"] == "worker")
    cloud(server, infra).befall(lost, "vanishes")
    together(
        *(lambda: by_another(server, infra, lambda one: one.heal().wait(timeout=SOON)) for _ in range(3))
    )
    wait_until(lambda: infra.refresh().phase == "ready", timeout=SOON, on_timeout=lambda: infra.facts)
    assert counts(server, infra) == {"master": 1, "worker": 3}
    assert ever(infra) == 5
    assert lost not in {each["id"] for each in infra.instances()}
    destroyed(server, infra)


def test_what_is_scaled_while_it_is_built_is_built_so(server: Served, client: Client) -> None:
    infra = client.infra.build(bundle({"delay": 1.0}), attach=False)
    wait_until(lambda: cloud(server, infra).there(), timeout=SOON)
    infra.scale("worker", to=4)
    wait_until(lambda: len(cloud(server, infra).there()) > 1, timeout=SOON)
    infra.scale("worker", to=3).wait(timeout=SOON)
    assert counts(server, infra) == {"master": 1, "worker": 3}
    destroyed(server, infra)


@pytest.mark.parametrize("machines", [0, 1, 2])
def test_what_is_destroyed_while_it_is_built_leaves_nothing(
    server: Served, client: Client, machines: int
) -> None:
    infra = client.infra.build(bundle({"delay": 1.0, "late": 0.5}))
    wait_until(lambda: len(cloud(server, infra).there()) >= machines, timeout=SOON)
    destroyed(server, infra)
    assert all(each["state"] == "dropped" for each in infra.instances(gone=True))


def test_a_plan_that_was_made_before_a_change_is_refused(server: Served, client: Client) -> None:
    infra = client.infra.build(bundle(), attach=False).wait(timeout=SOON)
    plan = client.infra.plan(bundle(most=9), infra.id)
    infra.scale("worker", by=1).wait(timeout=SOON)
    with pytest.raises(Conflict) as refused:
        client.infra.apply(plan)
    assert refused.value.error_code == "stale_plan"
    assert infra.refresh().facts["turn"] == 2
    destroyed(server, infra)


def test_a_cancelled_pass_leaves_what_healing_goes_on_from(server: Served, client: Client) -> None:
    infra = client.infra.build(bundle({"delay": 1.0}), attach=False)
    wait_until(lambda: len(cloud(server, infra).there()) == 2, timeout=SOON)
    with server.http() as http:
        http.post(f"/api/v1/jobs/{infra.facts['job']}/cancel").raise_for_status()
    found = wait_until(lambda: infra.refresh().facts["error"], timeout=SOON)
    assert found["code"] == "pass_ended"
    infra.heal().wait(timeout=SOON)
    assert counts(server, infra) == {"master": 1, "worker": 1}
    assert ever(infra) == 2
    destroyed(server, infra)


def test_a_pass_that_fails_again_and_again_says_why_until_it_succeeds(
    server: Served, client: Client, tmp_path: Path
) -> None:
    infra = client.infra.build(bundle(), attach=False).wait(timeout=SOON)
    file = server.home / "infra" / infra.id / FILE
    whole = file.rename(tmp_path / FILE)
    for left in file.parent.glob(f"{FILE}-*"):
        left.unlink()
    file.mkdir()
    infra.scale("worker", to=2)
    error = wait_until(lambda: infra.refresh().facts["error"], timeout=SOON)
    assert (infra.phase, error["code"]) == ("building", "pass_stumbled")
    assert "OperationalError" in error["message"]
    shown = shoal("infra", "show", infra.id, home=tmp_path / "home", cwd=tmp_path, SHOAL_SERVER=server.url)
    assert "unable to open database file" in shown.out
    assert [each.get("kind") for each in infra.events()].count("passfailed") == 1
    file.rmdir()
    whole.rename(file)
    infra.wait(timeout=SOON)
    assert (infra.phase, infra.facts["error"]) == ("ready", None)
    assert counts(server, infra) == {"master": 1, "worker": 2}
    destroyed(server, infra)


@pytest.mark.parametrize(
    "fault", [*FAULTS, *(pytest.param(one, marks=pytest.mark.slow) for one in SELDOM)], ids=named
)
def test_a_call_that_fails_costs_no_machine(server: Served, client: Client, fault: Mapping[str, Any]) -> None:
    infra = client.infra.build(bundle({"faults": [fault], "delay": 0.2}), attach=False)
    infra.scale("worker", to=3).wait(timeout=SOON)
    assert counts(server, infra) == {"master": 1, "worker": 3}
    before = {each["id"] for each in infra.instances()}
    infra.heal().wait(timeout=SOON)
    assert {each["id"] for each in infra.instances()} == before
    infra.scale("worker", to=1).wait(timeout=SOON)
    assert counts(server, infra) == {"master": 1, "worker": 1}
    destroyed(server, infra)
    with cloud(server, infra).changed() as connection:
        ((struck,),) = connection.execute("SELECT max(n) FROM counts").fetchall()
    assert struck >= fault["nth"], json.dumps(fault)
