"""Infrastructures over REST: wished, waited for, looked at, refused where that is right, never lost."""

from __future__ import annotations

import json
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoal.base.settings import load_settings
from shoal.server.house import House
from shoal.server.upkeep import back_up, put_back
from tests.support.infra_store import a_bundle
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

PATH = "/api/v1/infrastructures"
Facts = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    limits = {"interval": 0.3, "machines": 12, "bundle": 20_000, "passes": 3}
    with running_server(tmp_path_factory.mktemp("infra") / "home", infra=limits) as served:
        yield served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as made:
        yield made


def built(http: httpx.Client, **wish: Any) -> Facts:
    """Build, and return the infrastructure once it is there."""
    made = http.post(PATH, json=a_bundle(**wish))
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"{PATH}/{made.json()['id']}"
    return reached(http, made.json())


def reached(http: httpx.Client, infra: Facts, phase: str = "ready") -> Facts:
    """Wait until a pass has ended on the newest wish, which must have led to a phase."""
    found: Facts = http.get(f"{PATH}/{infra['id']}", params={"turn": infra["turn"], "wait": 50}).json()
    assert (found["phase"], found["done"]) == (phase, infra["turn"]), found
    return found


def acted(http: httpx.Client, infra: Facts, act: str, **body: Any) -> Facts:
    answer = http.post(f"{PATH}/{infra['id']}/{act}", json=body or None)
    assert answer.status_code == 200, answer.text
    told: Facts = answer.json()
    return told


def machines(http: httpx.Client, infra: Facts, **params: Any) -> list[Facts]:
    found: list[Facts] = http.get(f"{PATH}/{infra['id']}/instances", params=params).json()["instances"]
    return found


def destroyed(http: httpx.Client, infra: Facts) -> Facts:
    return reached(http, http.delete(f"{PATH}/{infra['id']}").json(), "destroyed")


def refused(answer: httpx.Response, status: int, code: str) -> Facts:
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Facts = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    return problem


def test_a_whole_life(http: httpx.Client) -> None:
    infra = built(http)
    assert {name: (node["ready"], node["target"]) for name, node in infra["nodes"].items()} == {
        "master": (1, 1),
        "worker": (2, 2),
    }
    grown = reached(http, acted(http, infra, "scale", node="worker", to=4))
    assert grown["nodes"]["worker"]["ready"] == 4
    oldest = next(one for one in machines(http, infra) if one["node"] == "worker")
    reached(http, acted(http, infra, "scale", node="worker", drop=oldest["addresses"][0]))
    left = [one["id"] for one in machines(http, infra) if one["node"] == "worker"]
    assert len(left) == 3
    assert oldest["id"] not in left
    gone = destroyed(http, infra)
    assert gone["ended"] is not None
    assert machines(http, infra) == []
    assert len(machines(http, infra, gone=True)) == 5
    kinds = [one["kind"] for one in http.get(f"{PATH}/{infra['id']}/events").json()["events"]]
    assert (kinds[0], kinds.count("nodecreated"), kinds.count("nodedropped")) == ("infrastart", 5, 5)
    listed = http.get(PATH, params={"gone": True, "q": infra["id"]}).json()["infrastructures"]
    assert [one["phase"] for one in listed] == ["destroyed"]
    assert infra["id"] not in [one["id"] for one in http.get(PATH).json()["infrastructures"]]


def test_a_plan_is_applied_as_it_came_and_only_once(http: httpx.Client) -> None:
    plan = http.post(f"{PATH}/plan", json=a_bundle("planned")).json()
    assert [step["act"] for step in plan["steps"]] == ["create"] * 3
    assert plan["cost"] == {"now": 0, "then": 1.5}
    infra = reached(http, http.post(f"{PATH}/apply", json=plan).json())
    update = http.post(f"{PATH}/plan", params={"id": infra["id"]}, json=a_bundle("planned", least=3)).json()
    assert [step["act"] for step in update["steps"]].count("create") == 1
    assert reached(http, http.post(f"{PATH}/apply", json=update).json())["nodes"]["worker"]["ready"] == 3
    refused(http.post(f"{PATH}/apply", json=update), 409, "stale_plan")
    drift = http.get(f"{PATH}/{infra['id']}/plan").json()
    assert {step["act"] for step in drift["steps"]} == {"keep"}
    assert drift["changes"] == 0
    destroyed(http, infra)


def test_a_plan_is_stale_when_a_definition_has_changed(http: httpx.Client) -> None:
    definitions = a_bundle()["definitions"]
    wish = a_bundle("bare") | {"definitions": {}}
    http.post("/api/v1/node-definitions", json={"definitions": definitions}).raise_for_status()
    plan = http.post(f"{PATH}/plan", json=wish).json()
    definitions["worker_node"][0]["resource"]["price"] = 0.7
    http.post("/api/v1/node-definitions", json={"definitions": definitions}).raise_for_status()
    problem = refused(http.post(f"{PATH}/apply", json=plan), 409, "stale_plan")
    assert "definition" in problem["title"]
    for name in definitions:
        assert http.delete(f"/api/v1/node-definitions/{name}").status_code == 204
    refused(http.post(PATH, json=wish), 422, "bad_description")


def test_a_key_builds_once(http: httpx.Client) -> None:
    sent = [http.post(PATH, json=a_bundle(), headers={"Idempotency-Key": "once"}).json() for _ in range(2)]
    assert sent[0]["id"] == sent[1]["id"]
    destroyed(http, sent[0])


def test_yaml_of_one_file_is_taken_and_what_imports_others_is_not(http: httpx.Client) -> None:
    text = json.dumps(a_bundle("written")["description"])
    headers = {"Content-Type": "application/yaml"}
    http.post("/api/v1/node-definitions", json={"definitions": a_bundle()["definitions"]}).raise_for_status()
    told = http.post(f"{PATH}/validate", content=text, headers=headers).json()
    assert told["levels"] == [["master"], ["worker"]]
    evil = "user_id: me\ninfra_name: x\nnodes: !yaml_import {url: file:///etc/passwd}\n"
    problem = refused(http.post(PATH, content=evil, headers=headers), 422, "bad_description")
    assert problem["faults"][0]["line"] == 3
    refused(http.post(PATH, content=b"\xff", headers=headers), 422, "invalid_input")


def test_what_cannot_be_taken_is_refused_and_nothing_is_begun(http: httpx.Client) -> None:
    before = http.get(PATH).json()
    refused(http.post(PATH, content=b"{", headers={"Content-Type": "application/json"}), 400, "not_json")
    refused(http.post(PATH, content=b"x", headers={"Content-Type": "text/csv"}), 415, "unsupported_media")
    refused(http.post(PATH, json={"nonsense": 1}), 422, "invalid_input")
    refused(http.post(PATH, json=a_bundle(variables={"x": "y" * 30_000})), 413, "bundle_too_large")
    refused(http.post(PATH, json=a_bundle(least=12, most=12)), 422, "too_many_machines")
    problem = refused(http.post(PATH, json=a_bundle("a_b", least=3, most=2)), 422, "bad_description")
    assert len(problem["faults"]) == 2
    assert all(fault["advice"] for fault in problem["faults"])
    refused(http.get(f"{PATH}/nobody"), 404, "not_found")
    refused(http.delete(f"{PATH}/nobody"), 404, "not_found")
    assert http.get(PATH).json() == before


def test_a_wish_that_is_not_allowed_changes_nothing(http: httpx.Client) -> None:
    infra = built(http)
    where = f"{PATH}/{infra['id']}"
    refused(http.post(f"{where}/scale", json={"node": "worker", "to": 6}), 409, "conflict")
    refused(http.post(f"{where}/scale", json={"node": "nowhere", "to": 2}), 404, "not_found")
    refused(http.post(f"{where}/scale", json={"node": "worker"}), 422, "invalid_input")
    refused(http.post(f"{where}/attach"), 409, "already_attached")
    refused(http.get(f"{where}/instances/nobody/log"), 404, "not_found")
    refused(http.get(f"{where}/outputs/nobody/x"), 404, "not_found")
    assert http.get(where).json() == infra
    destroyed(http, infra)
    refused(http.post(f"{where}/heal"), 409, "infrastructure_destroyed")
    assert http.delete(where).json()["phase"] == "destroyed"


def test_a_paused_infrastructure_rests_until_it_goes_on(http: httpx.Client) -> None:
    infra = built(http)
    paused = acted(http, infra, "pause")
    wished = acted(http, infra, "scale", node="worker", to=3)
    began = time.monotonic()
    still = http.get(f"{PATH}/{infra['id']}", params={"wait": 50}).json()
    assert time.monotonic() - began < 20
    assert (still["paused"], still["done"], still["turn"]) == (True, infra["turn"], wished["turn"])
    assert paused["phase"] == "ready"
    gone_on = reached(http, acted(http, infra, "resume"))
    assert gone_on["nodes"]["worker"]["ready"] == 3
    destroyed(http, infra)


def test_a_machine_that_dies_is_replaced_unasked(http: httpx.Client, server: Served) -> None:
    infra = built(http)
    lost = machines(http, infra)[-1]
    cloud = server.home / "infra" / infra["id"] / "simulated.db"
    with sqlite3.connect(cloud) as connection:
        connection.execute("UPDATE machines SET dies = 0 WHERE instance = ?", (lost["id"],))
    connection.close()

    def is_healed() -> bool:
        found = http.get(f"{PATH}/{infra['id']}").json()
        there = {one["id"]: one["state"] for one in machines(http, infra)}
        return found["phase"] == "ready" and lost["id"] not in there and len(there) == 3

    wait_until(is_healed, timeout=60, on_timeout=lambda: machines(http, infra))
    destroyed(http, infra)


def test_a_cancelled_pass_is_told_and_heal_goes_on(http: httpx.Client) -> None:
    slow = a_bundle("slow")
    slow["definitions"]["worker_node"] = [{"resource": {"type": "simulated", "delay": 3600}}]
    infra = http.post(PATH, params={"attach": False}, json=slow).json()
    wait_until(lambda: len(machines(http, infra)) == 3, timeout=60)
    http.post(f"/api/v1/jobs/{infra['job']}/cancel").raise_for_status()
    found = http.get(f"{PATH}/{infra['id']}", params={"wait": 50}).json()
    assert found["done"] == infra["turn"]
    assert (found["phase"], found["error"]["code"]) == ("degraded", "pass_ended")
    healing = acted(http, infra, "heal")
    assert (healing["phase"], healing["error"]) == ("building", None)
    destroyed(http, infra)


def test_nothing_secret_is_told(http: httpx.Client) -> None:
    infra = built(http, variables={"db_password": "correct horse", "greeting": "hello"})
    told = http.get(f"{PATH}/{infra['id']}").text
    assert "correct horse" not in told
    assert "hello" in told
    for part in ("instances", "events", "outputs", "cost", "plan"):
        assert "correct horse" not in http.get(f"{PATH}/{infra['id']}/{part}").text
    destroyed(http, infra)


def test_machines_are_reached_by_what_is_told_of_them(http: httpx.Client) -> None:
    infra = built(http)
    outputs = http.get(f"{PATH}/{infra['id']}/outputs").json()
    (master,) = outputs["nodes"]["master"]
    assert f"HostName {master['addresses'][0]}\n" in outputs["ssh_config"]
    assert f"Host {master['name']} master-1\n" in outputs["ssh_config"]
    cost = http.get(f"{PATH}/{infra['id']}/cost").json()
    assert cost["per_hour"] == 1.5
    assert 0 < cost["so_far"] < 0.1
    assert http.get(f"{PATH}/{infra['id']}/instances/{master['id']}/log").json()["next"] >= 0
    destroyed(http, infra)


def test_drift_is_what_a_look_at_the_machines_shows(http: httpx.Client, server: Served) -> None:
    infra = reached(http, http.post(PATH, params={"attach": False}, json=a_bundle()).json())
    dead = machines(http, infra)[-1]
    cloud = server.home / "infra" / infra["id"] / "simulated.db"
    with sqlite3.connect(cloud) as connection:
        connection.execute("UPDATE machines SET dies = 0 WHERE instance = ?", (dead["id"],))
    connection.close()
    where = f"{PATH}/{infra['id']}/plan"
    assert http.get(where).json()["changes"] == 0
    drift = http.get(where, params={"refresh": True}).json()
    assert [step["instance"] for step in drift["steps"] if step["act"] == "replace"] == [dead["id"]]
    assert http.get(f"{PATH}/{infra['id']}").json()["turn"] == infra["turn"]
    destroyed(http, infra)


def test_a_sweep_finds_what_nobody_knows_and_ends_it(http: httpx.Client, server: Served) -> None:
    infra = destroyed(http, built(http))
    cloud = server.home / "infra" / infra["id"] / "simulated.db"
    with sqlite3.connect(cloud) as connection:
        connection.execute(
            "INSERT INTO machines"
            " (instance, infra, node, cloud, price, made, shown, ready, dies, vanishes, ill, stops)"
            " VALUES ('lost', ?, 'worker', '', 0.5, 0, 0, 0, 1e18, 1e18, 1e18, 1e18)",
            (infra["id"],),
        )
    connection.close()
    found = http.post(f"{PATH}/sweep").json()
    assert [(one["infra"], one["instance"]) for one in found["machines"]] == [(infra["id"], "lost")]
    assert found["failed"] == []
    assert len(http.post(f"{PATH}/sweep", params={"drop": True}).json()["machines"]) == 1
    assert http.post(f"{PATH}/sweep").json()["machines"] == []


def test_it_is_counted_and_told_of_in_the_stream(http: httpx.Client) -> None:
    infra = built(http)
    shown = http.get("/metrics").text
    assert 'shoal_infra_infrastructures{phase="ready"}' in shown
    assert 'shoal_infra_machines{state="ready"}' in shown
    params = {"topic": "infra", "subject": infra["id"], "after": 0}
    with http.stream("GET", "/api/v1/events", params=params) as stream:
        told = [
            line.removeprefix("event: ") for line in _until(stream, '"phase":"ready"') if "event: " in line
        ]
    assert told[:2] == ["infrastart", "changed"]
    assert {"instances", "nodecreated", "infraready"} <= set(told)
    destroyed(http, infra)


def _until(stream: httpx.Response, end: str) -> Iterator[str]:
    for line in stream.iter_lines():
        yield line
        if end in line:
            return


def test_a_backup_holds_secrets_for_their_owner_alone_and_no_machines(tmp_path: Path) -> None:
    home, other, archive = tmp_path / "home", tmp_path / "other", tmp_path / "backup.tar.gz"
    with House(load_settings({"home": home})) as house:
        folder = home / "infra" / "some"
        for name in ("secrets.json", "machines/one/big", "logs/one.log"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("x")
        (folder / "secrets.json").chmod(0o600)
        back_up(house, archive)
    put_back(archive, other)
    kept = other / "infra" / "some"
    assert stat.S_IMODE((kept / "secrets.json").stat().st_mode) == 0o600
    assert (kept / "logs" / "one.log").read_text() == "x"
    assert not (kept / "machines").exists()
