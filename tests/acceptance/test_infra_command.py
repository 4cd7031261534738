"""`shoal infra`: validate, plan, build, look, scale, change, destroy, as a user types it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoal.client import Client
from shoal.infra.providers.provider import Means, Order
from shoal.infra.providers.simulated import Simulated
from tests.support.clusters import DEFINITIONS, INFRA, NODES, built, written
from tests.support.command import SHOAL, Ran, environment
from tests.support.inside import shoal_inside
from tests.support.server import Served, running_server

SERVING = """\
user_id: me
infra_name: web
nodes:
  - name: files
    type: files_node
node_def:files_node:
  - resource:
      type: process
      command: sh -c 'sleep 1; exec python3 -m http.server 8613 --bind "$MACHINE_ADDRESS"'
    health_check:
      ports: [8613]
      urls: ["http://{{ ip }}:8613/"]
      timeout: 60
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("infra") / "home", infra={"interval": 0.5}) as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


@pytest.fixture
def infra(server: Served, tmp_path: Path) -> Any:
    """Run `shoal infra ...` against the server, in a folder with a description."""
    written(tmp_path)

    def run(*words: object) -> Ran:
        return shoal_inside(tmp_path, server.url, "infra", *words)

    return run


def pure(folder: Path, *words: object) -> Ran:
    """Run `shoal infra ...` where no server is."""
    return shoal_inside(folder, "http://127.0.0.1:1", "infra", *words)


def test_a_valid_description_needs_no_server(tmp_path: Path) -> None:
    written(tmp_path)
    ran = pure(tmp_path, "validate", INFRA)
    assert (ran.code, ran.out, ran.err) == (0, f"{INFRA} is valid. 2 nodes: front, then worker.\n", "")
    told = pure(tmp_path, "validate", INFRA, "--output", "json").json
    assert told == {"name": "demo", "nodes": ["front", "worker"], "levels": [["front"], ["worker"]]}
    (tmp_path / "elsewhere.yaml").write_text((tmp_path / NODES).read_text())
    (tmp_path / NODES).unlink()
    assert pure(tmp_path, "validate", INFRA).code == 1
    assert pure(tmp_path, "validate", INFRA, "--definitions", "elsewhere.yaml").code == 0


def test_each_fault_is_told_with_its_line_and_what_to_write(tmp_path: Path) -> None:
    wrong = {"type: worker_node": "type: wrker_node", "[*W, *M]": "[worker, fronts]", "user_id": "userid"}
    written(tmp_path, instead=wrong)
    ran = pure(tmp_path, "validate", INFRA)
    assert (ran.code, ran.out) == (1, "")
    facts = [line for line in ran.err.splitlines() if not line.startswith("  ")]
    assert len(facts) >= 4
    assert all(re.match(r"error: \S+:\d+: ", line) for line in facts), ran.err
    assert "  Did you mean `worker_node`?" in ran.err.splitlines()


def test_a_template_that_uses_what_is_not_there_is_no_valid_description(tmp_path: Path) -> None:
    written(tmp_path, instead={"variables.COLOUR": "variables.COLOR"})
    ran = pure(tmp_path, "validate", INFRA)
    assert ran.code == 1
    assert "COLOR" in ran.err


def test_a_plan_says_by_its_exit_code_whether_there_is_something_to_do(
    infra: Any, client: Client, tmp_path: Path
) -> None:
    ran = infra("plan", INFRA)
    assert ran.code == 2
    assert "+ front  1 machine" in ran.out and "+ worker  2 machines" in ran.out
    assert "Plan: 3 to create, 0 to replace, 0 to drop, 0 unchanged." in ran.out
    id = built(client, tmp_path)
    ran = infra("plan", INFRA, "--id", id)
    assert (ran.code, "Nothing to do: 3 machines as wished." in ran.out) == (0, True)
    told = infra("plan", INFRA, "--id", id, "--output", "json").json
    assert [step["act"] for step in told["steps"]] == ["keep"] * 3
    assert infra("drift", id).code == 0


def test_a_plan_that_cannot_be_made_is_a_1_and_no_2(infra: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("infra_name: [")
    for words in (["bad.yaml"], ["nowhere.yaml"], [], [INFRA, "--nonsense"], [INFRA, "--id", "nothing"]):
        assert infra("plan", *words).code == 1, words
    assert pure(tmp_path, "plan", INFRA).code == 1


def test_a_saved_plan_is_done_as_it_was_shown_and_once(infra: Any, client: Client, tmp_path: Path) -> None:
    assert infra("plan", INFRA, "--out", "plan.json").code == 2
    written(tmp_path, shade="red", least=4)  # What is in the files by now does not matter.
    ran = infra("build", "--plan", "plan.json", "--output", "json")
    assert ran.code == 0, ran.err
    assert len(ran.json["instances"]) == 3
    id = ran.json["id"]
    assert infra("plan", INFRA, "--id", id, "-o", "plan.json").code == 2
    client.infra.get(id).scale("worker", by=1).wait(timeout=60)
    ran = infra("build", "--plan", "plan.json", "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert "changed" in ran.err
    assert len(client.infra.get(id).instances()) == 4
    (tmp_path / "plan.json").write_text('{"steps": 7}')
    assert infra("build", "--plan", "plan.json").code == 1
    assert infra("build", "--plan", "plan.json", INFRA).code == 2
    assert infra("build").code == 2


def test_a_cluster_is_built_looked_at_scaled_and_destroyed(infra: Any) -> None:
    ran = infra("build", INFRA)
    assert ran.code == 0, ran.err
    id = ran.out.split()[0]
    assert re.search(r"^front-\d+ .* ready ", ran.out, re.MULTILINE)
    assert "3/3 ready" in ran.err
    listed = infra("list")
    assert re.search(rf"^{id} +demo +ready +3/3 ready +yes", listed.out, re.MULTILINE)
    assert infra("show", id, "--output", "json").json["phase"] == "ready"
    ran = infra("scale", id, "worker", "4")
    assert (ran.code, ran.out.count("worker-")) == (0, 4), ran.err
    ran = infra("scale", id, "worker", "--by", "-1", "--output", "json")
    there = [each for each in ran.json["instances"] if each["node"] == "worker"]
    assert len(there) == 3
    ran = infra("scale", id, "worker", "--drop", there[0]["id"], "--output", "json")
    assert there[0]["id"] not in {each["id"] for each in ran.json["instances"]}
    ran = infra("destroy", id)
    assert (ran.code, ran.out) == (1, "")
    assert "error: This removes 3 machines.\n  Add --yes, or run it in a terminal.\n" in ran.err
    ran = infra("destroy", id, "--yes")
    assert ran.code == 0, ran.err
    assert id not in infra("list").out
    assert re.search(rf"^{id} +demo +destroyed", infra("list", "--gone").out, re.MULTILINE)
    assert infra("show", id, "--gone").out.count(" dropped ") == 5


def test_a_change_replaces_what_it_concerns_and_asks_first(
    infra: Any, client: Client, tmp_path: Path
) -> None:
    id = built(client, tmp_path)
    before = {each["node"]: each["id"] for each in client.infra.get(id).instances()}
    written(tmp_path, shade="green")
    ran = infra("build", INFRA, "--id", id)
    assert (ran.code, ran.out) == (1, "")
    assert "This replaces or removes 2 machines" in ran.err
    ran = infra("build", INFRA, "--id", id, "--yes")
    assert ran.code == 0, ran.err
    after = {each["node"]: each["id"] for each in client.infra.get(id).instances()}
    assert after["front"] == before["front"]
    assert after["worker"] != before["worker"]


def test_what_a_machine_costs_and_where_it_is(infra: Any, client: Client, tmp_path: Path) -> None:
    id = built(client, tmp_path)
    assert infra("cost", id, "--output", "quiet").out == "0.45\n"
    assert re.search(r"^front +\S+ +0.25 ", infra("cost", id).out, re.MULTILINE)
    told = infra("outputs", id, "--output", "json").json
    assert {node: len(each) for node, each in told["nodes"].items()} == {"front": 1, "worker": 2}
    assert infra("outputs", id, "--output", "quiet").out.count("HostName ") == 3
    assert "HostName " in infra("outputs", id).out


def test_what_happened_is_told_and_the_log_of_a_machine(infra: Any, client: Client, tmp_path: Path) -> None:
    id = built(client, tmp_path)
    kinds = [json.loads(line)["kind"] for line in infra("log", id, "--output", "json").out.splitlines()]
    assert kinds[0] == "infrastart" and "nodecreated" in kinds and "infraready" in kinds
    assert "infrastart" in infra("log", id).out
    machine = client.infra.get(id).instances()[0]["id"]
    assert infra("log", id, machine).code == 0
    assert infra("log", id, "nobody").code == 1


def test_keeping_and_pausing(infra: Any, client: Client, tmp_path: Path) -> None:
    id = built(client, tmp_path, attach=False)
    assert not client.infra.get(id).facts["attached"]
    assert "not healed" in infra("show", id).out
    assert infra("attach", id).code == 0
    assert infra("attach", id).code == 1
    assert infra("detach", id).code == 0
    assert infra("pause", id, "--output", "json").json["paused"]
    ran = infra("scale", id, "worker", "3")
    assert (ran.code, "paused" in ran.err) == (1, True)
    assert len(client.infra.get(id).instances()) == 3
    assert infra("resume", id).code == 0
    assert len(client.infra.get(id).wait(timeout=60).instances()) == 4
    assert infra("heal", id).code == 0
    assert infra("release", id).code == 0


def test_names_and_last_name_an_infrastructure(infra: Any, client: Client, tmp_path: Path) -> None:
    named = {"infra_name: demo": "infra_name: only-one"}
    id = built(client, tmp_path, instead=named)
    assert infra("show", "only-one", "--output", "json").json["id"] == id
    assert infra("show", "last", "--output", "json").json["id"] == id
    other = built(client, tmp_path, instead=named)
    ran = infra("show", "only-one")
    assert ran.code == 1
    assert id in ran.err and other in ran.err
    assert infra("show", "nothing").code == 1


def test_a_build_that_fails_says_why_and_keeps_what_is_healthy(infra: Any, tmp_path: Path) -> None:
    written(tmp_path, instead={"price: 0.1": "endpoint: tight\n      quota: 1"})
    ran = infra("build", INFRA)
    assert (ran.code, ran.out) == (1, "")
    assert re.search(r"^error: demo is (failed|degraded): .*room", ran.err, re.MULTILINE), ran.err
    shown = infra("show", "last", "--output", "json").json
    assert sorted(each["node"] for each in shown["instances"] if each["state"] == "ready") == [
        "front",
        "worker",
    ]
    assert shown["error"]["message"] in infra("show", "last").out


def test_ctrl_c_stops_watching_and_not_the_building(server: Served, client: Client, tmp_path: Path) -> None:
    written(tmp_path, instead={"price: 0.25": "price: 0.25\n      delay: 3"})
    process = subprocess.Popen(
        [SHOAL, "infra", "build", INFRA],
        cwd=tmp_path,
        env=environment(tmp_path / "home") | {"SHOAL_SERVER": server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    id = process.stderr.readline().split()[-1].rstrip(".")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert f"shoal infra watch {id}" in err
    assert client.infra.get(id).wait(timeout=60).phase == "ready"


def test_nobody_waits_who_does_not_want_to(infra: Any, client: Client, tmp_path: Path) -> None:
    written(tmp_path, instead={"price: 0.25": "price: 0.25\n      delay: 2"})
    id = str(infra("build", INFRA, "--no-wait", "--output", "quiet").out.strip())
    assert client.infra.get(id).phase == "building"
    ran = infra("heal", id, "--timeout", "0.1")
    assert (ran.code, "The server goes on." in ran.err) == (1, True)
    assert client.infra.get(id).wait(timeout=60).phase == "ready"


def test_on_a_terminal_progress_is_a_table_and_a_question_is_asked(server: Served, tmp_path: Path) -> None:
    written(tmp_path, instead={"price: 0.25": "price: 0.25\n      delay: 1.5"})
    code, shown = typed(server, tmp_path, ["build", INFRA], "")
    assert code == 0
    assert "LEVEL  NODE" in shown
    code, shown = typed(server, tmp_path, ["destroy", "last"], "n\n")
    assert "This removes 3 machines. Go on? [y/N]" in shown
    assert code != 0
    code, shown = typed(server, tmp_path, ["destroy", "last"], "y\n")
    assert code == 0, shown


def typed(served: Served, folder: Path, words: list[str], answer: str) -> tuple[int, str]:
    """Run a command on a terminal and return its exit code and what it showed."""
    ours, theirs = pty.openpty()
    settings = {"SHOAL_SERVER": served.url, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        [SHOAL, "infra", *words],
        cwd=folder,
        env=environment(folder / "home") | settings,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # The other end is closed.
        pass
    os.close(ours)
    return process.wait(60), shown.decode()


def test_definitions_are_imported_once_for_all(infra: Any, tmp_path: Path) -> None:
    ran = infra("import", NODES)
    assert (ran.code, ran.out) == (0, "Imported: front_node, worker_node\n")
    (tmp_path / NODES).unlink()
    assert infra("plan", INFRA).code == 2
    (tmp_path / NODES).write_text(DEFINITIONS.replace("type: simulated", "type: nova"))
    ran = infra("import", NODES)
    assert (ran.code, ran.out) == (1, "")
    assert infra("plan", INFRA, "--definitions", NODES).code == 1


def test_watching_ends_when_all_is_destroyed(
    infra: Any, server: Served, client: Client, tmp_path: Path
) -> None:
    id = built(client, tmp_path)
    process = subprocess.Popen(
        [SHOAL, "infra", "watch", id, "--output", "json"],
        cwd=tmp_path,
        env=environment(tmp_path / "home") | {"SHOAL_SERVER": server.url},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        client.infra.get(id).destroy()
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    kinds = [json.loads(line)["kind"] for line in out.splitlines()]
    assert process.returncode == 0
    assert kinds[0] == "infrastart" and "nodedropped" in kinds


def test_a_build_ends_when_ports_and_addresses_answer(infra: Any, tmp_path: Path) -> None:
    (tmp_path / "infra-web.yaml").write_text(SERVING)
    ran = infra("build", "infra-web.yaml", "--output", "json")
    assert ran.code == 0, ran.err
    (machine,) = ran.json["instances"]
    assert httpx.get(f"http://{machine['addresses'][0]}:8613/", trust_env=False).status_code == 200
    assert infra("destroy", ran.json["id"], "--yes").code == 0


def test_machines_that_nobody_knows_are_found_and_ended(
    infra: Any, server: Served, client: Client, tmp_path: Path
) -> None:
    assert infra("sweep").out == "No machine is left over.\n"
    id = built(client, tmp_path, attach=False)
    cloud = Simulated({}, Means(str(server.home / "infra" / id)))
    cloud.create(Order(id, "demo", "stray", "worker", "a stray", {}))
    ran = infra("sweep")
    assert (ran.code, re.match(rf"Nobody knows:\nsimulated +\S+ +{id} +stray\n", ran.out) is not None) == (
        0,
        True,
    )
    ran = infra("sweep", "--drop")
    assert (ran.code, "This ends 1 machine.\n  Add --yes" in ran.err) == (1, True)
    assert infra("sweep", "--drop", "--yes").out.startswith("Ended:\n")
    assert infra("sweep").out == "No machine is left over.\n"
    assert len(cloud.machines(id)) == 3


def test_blueprints_are_copied_and_valid(tmp_path: Path) -> None:
    names = pure(tmp_path, "blueprint", "list", "--output", "quiet").out.split()
    assert "slurm" in names
    for name in names:
        ran = pure(tmp_path, "blueprint", "copy", name, f"my-{name}")
        assert ran.code == 0, ran.err
        file = ran.out.strip()
        assert (tmp_path / file).is_file()
        ran = pure(tmp_path, "validate", file)
        assert ran.code == 0, ran.err
        assert pure(tmp_path, "blueprint", "copy", name, f"my-{name}").code == 1
    ran = pure(tmp_path, "blueprint", "copy", "nothing", "x")
    assert (ran.code, "slurm" in ran.err) == (1, True)


def test_without_a_server_it_says_how_to_start_one(tmp_path: Path) -> None:
    written(tmp_path)
    ran = pure(tmp_path, "build", INFRA)
    assert (ran.code, "shoal serve" in ran.err) == (1, True)
    assert pure(tmp_path, "list").code == 1
