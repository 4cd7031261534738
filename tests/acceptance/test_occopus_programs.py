"""Occopus' programs: the documented arguments, the closing lines, and exit codes that say what happened."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shoal.client import Client
from tests.support.clusters import INFRA, NODES, built, imported, written
from tests.support.occopus import apart, closing, occopus, started
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

NOBODY = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("programs") / "home", infra={"interval": 0.5}) as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


def test_the_tutorials_steps(server: Served, client: Client, tmp_path: Path) -> None:
    written(tmp_path)
    ran = apart("import", NODES, url=server.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (0, "Successfully imported nodes: front_node, worker_node\n")
    ran = apart("build", INFRA, url=server.url, cwd=tmp_path)
    assert ran.code == 0, ran.err
    nodes, id = closing(ran.out)
    assert {name: len(machines) for name, machines in nodes.items()} == {"front": 1, "worker": 2}
    assert not client.infra.get(id).facts["attached"]  # A program leaves nobody behind.
    there = {each["id"]: each["addresses"][0] for each in client.infra.get(id).instances()}
    assert {id: address for machines in nodes.values() for address, id in machines} == there
    assert id in apart("maintain", "-l", url=server.url, cwd=tmp_path).out.splitlines()[1:]
    ran = apart("destroy", "-i", id, url=server.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (0, "")
    assert client.infra.get(id).phase == "destroyed"
    assert client.infra.get(id).instances() == []


def test_machines_have_the_documented_names(client: Client, tmp_path: Path) -> None:
    id = built(client, tmp_path)
    for each in client.infra.get(id).instances():
        assert each["name"] == f"occopus-demo-{id[:8]}-{each['node']}-{each['id'][:8]}"


def test_the_log_is_on_standard_error_and_holds_the_documented_events(
    server: Served, client: Client, tmp_path: Path
) -> None:
    imported(client, tmp_path)
    ran = occopus("build", "--parallelize", INFRA, url=server.url, cwd=tmp_path)
    lines = ran.err.splitlines()
    assert all(re.match(r"\*\* \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\t", line) for line in lines), ran.err
    for event in ("infrastart", "nodecreating", "nodecreated", "infraready"):
        assert any(f"\t{event}" in line for line in lines), event


@pytest.mark.parametrize(
    "definitions",
    [
        "'node_def:a':\n  - resource:\n      type: nova\n",  # endpoint and more are missing
        "'node_def:a':\n  - resource:\n      type: terraform\n",  # there is no such plugin
        "'node_def:a': [",  # no YAML
        "a: 1\n",
        "",
    ],
)
def test_an_import_that_fails_says_so_with_its_exit_code(
    definitions: str, server: Served, tmp_path: Path
) -> None:
    (tmp_path / "nodes.yaml").write_text(definitions)
    ran = occopus("import", "nodes.yaml", url=server.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert re.match(r"error: (nodes\.yaml:\d|/definitions)", ran.err)
    assert occopus("import", "nowhere.yaml", url=server.url, cwd=tmp_path).code == 1


def test_a_build_that_fails_keeps_what_is_healthy(server: Served, client: Client, tmp_path: Path) -> None:
    imported(client, tmp_path, least=3, instead={"price: 0.1": "endpoint: small\n      quota: 2"})
    ran = occopus("build", INFRA, url=server.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    found = re.search(r"occopus-destroy -i (\S+) takes it down", ran.err)
    assert found is not None, ran.err
    infra = client.infra.get(found[1])
    assert infra.phase in ("failed", "degraded")
    ready = [each["node"] for each in infra.instances() if each["state"] == "ready"]
    assert sorted(ready) == ["front", "worker", "worker"]
    assert occopus("destroy", "-i", infra.id, url=server.url, cwd=tmp_path).code == 0


def test_a_build_that_cannot_be_described_builds_nothing(
    server: Served, client: Client, tmp_path: Path
) -> None:
    imported(client, tmp_path)
    before = [infra.id for infra in client.infra.find(gone=True)]
    for old, new in (("min: 2", "min: '2'"), ("name: front", "name: front_1"), ("[*W, *M]", "[*W, *W]")):
        (tmp_path / "bad.yaml").write_text((tmp_path / INFRA).read_text().replace(old, new))
        ran = occopus("build", "bad.yaml", url=server.url, cwd=tmp_path)
        assert (ran.code, ran.out) == (1, "")
        assert re.match(r"error: bad\.yaml:\d+: ", ran.err), ran.err
    assert [infra.id for infra in client.infra.find(gone=True)] == before


def test_ctrl_c_leaves_the_build_to_the_server_and_is_no_success(
    server: Served, client: Client, tmp_path: Path
) -> None:
    imported(client, tmp_path, instead={"price: 0.25": "price: 0.25\n      delay: 3"})
    with started("build", INFRA, url=server.url, cwd=tmp_path) as process:
        assert process.stderr is not None
        id = process.stderr.readline().split()[-1]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert f"occopus-destroy -i {id}" in err
    assert client.infra.get(id).wait(timeout=60).phase == "ready"


def test_reconfiguring_adjusts_numbers_and_replaces_what_changed(
    server: Served, client: Client, tmp_path: Path
) -> None:
    imported(client, tmp_path)
    id = built(client, tmp_path, attach=False)
    first = {each["id"]: each["node"] for each in client.infra.get(id).instances()}
    written(tmp_path, least=3)
    ran = occopus("build", "-i", id, INFRA, url=server.url, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-1] == id
    more = {each["id"]: each["node"] for each in client.infra.get(id).instances()}
    assert first.items() < more.items()
    assert len(more) == 4
    written(tmp_path, least=3, shade="green")
    assert occopus("build", "--infra_id", id, INFRA, url=server.url, cwd=tmp_path).code == 0
    last = {each["id"]: each["node"] for each in client.infra.get(id).instances()}
    assert sorted(last.values()) == ["front", "worker", "worker", "worker"]
    assert [node for one, node in last.items() if one in more] == ["front"]


def test_ids_that_are_not_there_fail(server: Served, client: Client, tmp_path: Path) -> None:
    imported(client, tmp_path)
    before = [infra.id for infra in client.infra.find(gone=True)]
    for words in (
        ("build", "-i", "nothing", INFRA),
        ("destroy", "-i", "nothing"),
        ("maintain", "-i", "nothing"),
        ("maintain", "-i", "nothing", "-r"),
        ("scale", "-i", "nothing", "-n", "worker", "-c", "+1"),
    ):
        ran = occopus(*words, url=server.url, cwd=tmp_path)
        assert (ran.code, ran.out) == (1, ""), words
        assert "nothing" in ran.err
    assert [infra.id for infra in client.infra.find(gone=True)] == before


def test_wrong_use_is_named_and_no_success(server: Served, tmp_path: Path) -> None:
    scale = ("scale", "-i", "x", "-n", "worker")
    for words in (
        ("import",), ("build",), ("destroy",), ("maintain",), ("scale", "-i", "x", "-c", "1"), scale,
        (*scale, "-c", "1", "-s", "2"), (*scale, "-s", "2", "-f", "y"), (*scale, "-c", "many"),
        ("maintain", "-i", "x", "-t", "soon"), ("rest-service", "--port", "http"),
    ):  # fmt: skip
        ran = occopus(*words, url=server.url, cwd=tmp_path)
        assert (ran.code, ran.out) == (2, ""), words
        assert ran.err.startswith("usage: occopus-")


def test_scaling_by_to_and_without_a_certain_one(server: Served, client: Client, tmp_path: Path) -> None:
    id = built(client, tmp_path, attach=False)

    def scaled(*how: str) -> list[str]:
        ran = occopus("scale", "-i", id, "-n", "worker", *how, url=server.url, cwd=tmp_path)
        assert (ran.code, ran.out) == (0, ""), ran.err
        assert "wanted" in ran.err
        instances = client.infra.get(id).wait(timeout=60).instances()
        return [each["id"] for each in instances if each["node"] == "worker"]

    assert len(scaled("-c", "+2")) == 4
    assert len(scaled("-c", "-1")) == 3
    assert len(scaled("--setscale", "5")) == 5
    there = scaled("-s", "4")
    assert set(scaled("-f", there[0])) == set(there[1:])
    address = client.infra.get(id).instances()[-1]["addresses"][0]
    assert len(scaled("--filter", address)) == 2


def test_scaling_beyond_what_is_allowed_fails_and_changes_nothing(
    server: Served, client: Client, tmp_path: Path
) -> None:
    id = built(client, tmp_path, attach=False)
    for node, *how in (
        ("worker", "-s", "0"), ("worker", "-s", "-3"), ("worker", "-s", "6"), ("worker", "-c", "-1"),
        ("nobody", "-c", "+1"), ("worker", "-f", "nobody"), ("front", "-c", "+1"),
    ):  # fmt: skip
        ran = occopus("scale", "-i", id, "-n", node, *how, url=server.url, cwd=tmp_path)
        assert ran.code == 1, (node, how)
        assert ran.err.startswith("error: ")
    assert len(client.infra.get(id).instances()) == 3


def test_maintaining_mends_once(server: Served, client: Client, tmp_path: Path) -> None:
    id = built(client, tmp_path, attach=False)
    ran = occopus("maintain", "-i", id, "--parallelize", url=server.url, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert f"{id} is ready" in ran.err
    assert ran.out.splitlines()[0] == "List of nodes/ip addresses:"


def test_two_who_maintain_at_once_make_one_machine(server: Served, client: Client, tmp_path: Path) -> None:
    id = built(client, tmp_path, attach=False)
    client.infra.get(id).scale("worker", by=1)
    with (
        started("maintain", "-i", id, url=server.url, cwd=tmp_path) as one,
        started("maintain", "-i", id, url=server.url, cwd=tmp_path) as other,
    ):
        assert [one.wait(60), other.wait(60)] == [0, 0]
    workers = [each for each in client.infra.get(id).instances(gone=True) if each["node"] == "worker"]
    assert [each["state"] for each in workers] == ["ready"] * 3


def test_a_report_changes_nothing_and_goes_to_a_file_as_addresses(
    server: Served, client: Client, tmp_path: Path
) -> None:
    id = built(client, tmp_path, attach=False)
    turn = client.infra.get(id).turn
    ran = occopus("maintain", "-i", id, "-r", "-f", "work", url=server.url, cwd=tmp_path)
    assert [line.split()[0] for line in ran.out.splitlines()[:2]] == ["List", "worker:"]
    assert len(ran.out.splitlines()) == 4
    ran = occopus("maintain", "-i", id, "-r", "-o", "report.txt", url=server.url, cwd=tmp_path)
    assert (ran.code, ran.out) == (0, "")
    addresses = [" ".join(each["addresses"]) for each in client.infra.get(id).instances()]
    assert sorted((tmp_path / "report.txt").read_text().splitlines()) == sorted(addresses)
    assert client.infra.get(id).turn == turn


def test_maintaining_goes_on_until_ctrl_c_and_that_ends_it_well(
    server: Served, client: Client, tmp_path: Path
) -> None:
    id = built(client, tmp_path, attach=False)
    turn = client.infra.get(id).turn
    with started("maintain", "-i", id, "-c", "-t", "0.1", url=server.url, cwd=tmp_path) as process:
        wait_until(lambda: client.infra.get(id).turn >= turn + 3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out.count("List of nodes/ip addresses:") >= 2


def test_the_list_names_what_stands(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as served:
        ran = occopus("maintain", "-l", url=served.url, cwd=tmp_path)
        assert (ran.code, ran.out) == (0, "No active infrastructure!\n")
        with Client(served.url) as client:
            id = built(client, tmp_path)
        ran = occopus("maintain", "--list", url=served.url, cwd=tmp_path)
        assert ran.out == f"List of active infrastructure:\n{id}\n"
        assert occopus("destroy", "-i", id, url=served.url, cwd=tmp_path).code == 0
        ran = occopus("maintain", "-l", url=served.url, cwd=tmp_path)
        assert ran.out == "No active infrastructure!\n"


def test_files_of_occopus_own_are_taken_and_said_to_be_the_servers(server: Served, tmp_path: Path) -> None:
    (tmp_path / "occopus_config.yaml").write_text("!!python/object:x {}\n")
    (tmp_path / "auth_data.yaml").write_text("resource: []\n")
    ours = ("--cfg", "occopus_config.yaml", "--auth_data_path", "auth_data.yaml")
    ran = occopus("maintain", *ours, "-l", url=server.url, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "occopus_config.yaml is a configuration of Occopus" in ran.err
    assert "infra.credentials" in ran.err


def test_the_rest_service_answers_where_it_is_told_to(tmp_path: Path) -> None:
    words = ("--host", "127.0.0.1", "--port", "0", "--parallelize")
    with started("rest-service", *words, url=NOBODY, cwd=tmp_path) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("Shoal serves at http://127.0.0.1:")
        with httpx.Client(base_url=line.split()[-1], trust_env=False, timeout=30) as http:
            assert http.get("/infrastructures/").json()["infrastructures"] == []
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_without_a_server_each_program_says_how_to_start_one(tmp_path: Path) -> None:
    written(tmp_path)
    for words in (("import", NODES), ("build", INFRA), ("destroy", "-i", "x"), ("maintain", "-l")):
        ran = occopus(*words, url=NOBODY, cwd=tmp_path)
        assert ran.code == 1
        assert "shoal serve" in ran.err
