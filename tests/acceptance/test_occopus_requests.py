"""Occopus' documented requests: paths, bodies and answers as they were, statuses as they should have been."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoal.client import Client
from shoal.infra.describing.reading import read_bundle
from tests.support.clusters import INFRA, NODES, written
from tests.support.occopus import looked, states, until
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

SECRET = "s3cret-of-the-user"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("occopus")
    with running_server(folder / "home", infra={"interval": 0.5}) as served:
        written(folder)
        with Client(served.url) as client:
            client.infra.import_definitions(read_bundle(folder / NODES).plain())
        yield served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as made:
        yield made


def text(folder: Path, **words: Any) -> str:
    return written(folder, **words).read_text()


def built(http: httpx.Client, folder: Path, **words: Any) -> str:
    """Build with a POST and return the id once all machines are ready."""
    answer = http.post("/infrastructures/", content=text(folder, **words))
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"infraid"}
    id: str = answer.json()["infraid"]
    until(http, id, lambda view: set(states(view, "worker")) == {"ready"})
    return id


def refusal(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return an error's body, which says the same as the status line."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["status_code"] == status
    assert body["reason"] and body["message"]
    return body


def test_yaml_in_the_body_is_built_and_told_as_documented(http: httpx.Client, tmp_path: Path) -> None:
    id = built(http, tmp_path)
    view = looked(http, id)
    assert view["front"]["scaling"] == {"actual": 1, "target": 1, "min": 1, "max": 1}
    assert view["worker"]["scaling"] == {"actual": 2, "target": 2, "min": 2, "max": 5}
    machines = [each for node in view.values() for each in node["instances"].values()]
    assert all(set(each) == {"resource_address", "state"} for each in machines)
    assert all(isinstance(each["resource_address"], str) for each in machines)


def test_the_list_has_the_documented_key_and_the_one_that_was_sent(
    http: httpx.Client, tmp_path: Path
) -> None:
    id = built(http, tmp_path)
    listed = http.get("/infrastructures/").json()
    assert set(listed) == {"infrastructures", "infrastuctures"}
    assert id in listed["infrastructures"]
    assert listed["infrastuctures"] == listed["infrastructures"]
    assert http.get("/infrastructures").json() == listed


def test_scaling_answers_at_once_and_is_done(http: httpx.Client, tmp_path: Path) -> None:
    id = built(http, tmp_path)
    asked = {"infraid": id, "nodename": "worker"}
    here = f"/infrastructures/{id}"
    assert http.post(f"{here}/scaleup/worker").json() == asked | {"method": "scaleup", "count": 1}
    assert http.post(f"{here}/scaleup/worker/2").json() == asked | {"method": "scaleup", "count": 2}
    view = until(http, id, lambda view: states(view, "worker") == ["ready"] * 5)
    chosen = next(iter(view["worker"]["instances"]))
    answer = http.post(f"{here}/scaledown/worker/{chosen}").json()
    assert answer == asked | {"method": "scaledown", "nodeid": chosen}
    assert http.post(f"{here}/scaledown/worker").json() == asked | {"method": "scaledown", "nodeid": None}
    view = until(http, id, lambda view: states(view, "worker") == ["ready"] * 3)
    assert chosen not in view["worker"]["instances"]
    assert http.post(f"{here}/scaleto/worker/2").json() == asked | {"method": "scaleto", "count": 2}
    view = until(http, id, lambda view: states(view, "worker") == ["ready"] * 2)
    assert view["worker"]["scaling"] == {"actual": 2, "target": 2, "min": 2, "max": 5}


def test_an_address_names_a_machine_too(http: httpx.Client, tmp_path: Path) -> None:
    id = built(http, tmp_path, least=1)
    http.post(f"/infrastructures/{id}/scaleto/worker/2")
    view = until(http, id, lambda view: states(view, "worker") == ["ready"] * 2)
    chosen, machine = next(iter(view["worker"]["instances"].items()))
    assert (
        http.post(f"/infrastructures/{id}/scaledown/worker/{machine['resource_address']}").status_code == 200
    )
    view = until(http, id, lambda view: states(view, "worker") == ["ready"])
    assert chosen not in view["worker"]["instances"]


def test_one_more_and_a_certain_one_less_at_the_same_time_leave_as_many(
    http: httpx.Client, tmp_path: Path
) -> None:
    id = built(http, tmp_path, least=1)
    http.post(f"/infrastructures/{id}/scaleto/worker/3")
    view = until(http, id, lambda view: states(view, "worker") == ["ready"] * 3)
    chosen = next(iter(view["worker"]["instances"]))
    assert http.post(f"/infrastructures/{id}/scaleup/worker").status_code == 200
    assert http.post(f"/infrastructures/{id}/scaledown/worker/{chosen}").status_code == 200
    view = until(
        http,
        id,
        lambda view: states(view, "worker") == ["ready"] * 3 and chosen not in view["worker"]["instances"],
    )
    assert view["worker"]["scaling"]["target"] == 3


def test_beyond_the_limits_is_a_conflict_and_changes_nothing(http: httpx.Client, tmp_path: Path) -> None:
    id = built(http, tmp_path, most=3)
    here = f"/infrastructures/{id}"
    for path in (
        "scaleto/worker/4",
        "scaleto/worker/0",
        "scaleup/worker/2",
        "scaledown/worker",
        "scaleup/front",
    ):
        refusal(http.post(f"{here}/{path}"), 409)
    assert looked(http, id)["worker"]["scaling"] == {"actual": 2, "target": 2, "min": 2, "max": 3}


def test_attach_and_detach_say_when_it_is_so_already(http: httpx.Client, tmp_path: Path) -> None:
    id = built(http, tmp_path)
    here = f"/infrastructures/{id}"
    refusal(http.post(f"{here}/attach"), 409)
    assert http.post(f"{here}/detach").json() == {"infraid": id}
    refusal(http.post(f"{here}/detach"), 409)
    assert http.post(f"{here}/attach").json() == {"infraid": id}


def test_cost_is_told_by_machine_and_together(http: httpx.Client, tmp_path: Path) -> None:
    id = built(http, tmp_path)
    cost = http.get(f"/infrastructures/{id}/cost").json()
    assert list(cost["front"].values()) == [0.25]
    assert list(cost["worker"].values()) == [0.1, 0.1]
    assert cost["totalcost"] == pytest.approx(0.45)
    assert set(cost["worker"]) == set(looked(http, id)["worker"]["instances"])


def test_destroying_takes_all_down_and_off_the_list(
    server: Served, http: httpx.Client, tmp_path: Path
) -> None:
    id = built(http, tmp_path)
    assert (server.home / "infra" / id).is_dir()
    answer = http.delete(f"/infrastructures/{id}")
    assert (answer.status_code, answer.json()) == (200, {"infraid": id})
    until(http, id, lambda view: not any(node["instances"] for node in view.values()))
    wait_until(lambda: id not in http.get("/infrastructures/").json()["infrastructures"])
    for act in ("attach", "detach", "scaleup/worker"):
        refusal(http.post(f"/infrastructures/{id}/{act}"), 409)
    assert not list((server.home / "infra" / id / "machines").glob("*"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("DELETE", ""), ("GET", "/cost"), ("POST", "/attach"), ("POST", "/detach"),
        ("POST", "/scaleup/worker"), ("POST", "/scaledown/worker/x"), ("POST", "/scaleto/worker/2"),
        ("POST", "/notify"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_404(method: str, path: str, http: httpx.Client) -> None:
    body = json.dumps({"type": "fcm"}) if path == "/notify" else None
    refusal(http.request(method, f"/infrastructures/nothing{path}", content=body), 404)


def test_names_and_numbers_that_cannot_be_used_are_the_callers_mistake(
    http: httpx.Client, tmp_path: Path
) -> None:
    id = built(http, tmp_path)
    here = f"/infrastructures/{id}"
    refusal(http.post(f"{here}/scaleup/nobody"), 404)
    refusal(http.post(f"{here}/scaledown/worker/nobody"), 404)
    for count in ("many", "-1", "1.5", "9" * 300, "%D9%A3"):
        refusal(http.post(f"{here}/scaleup/worker/{count}"), 400)
        refusal(http.post(f"{here}/scaleto/worker/{count}"), 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"- a",
        b"infra_name: a",
        b"nodes: [",
        b"infra_name: a_b\nuser_id: me\nnodes: []",
    ],
)
def test_a_body_that_describes_nothing_is_a_400_and_builds_nothing(body: bytes, http: httpx.Client) -> None:
    before = http.get("/infrastructures/").json()
    refusal(http.post("/infrastructures/", content=body), 400)
    assert http.get("/infrastructures/").json() == before


def test_a_description_with_faults_names_all_of_them(http: httpx.Client, tmp_path: Path) -> None:
    wrong = text(tmp_path, instead={"worker_node": "wrker_node", "front_node": "frnt_node"})
    faults = refusal(http.post("/infrastructures/", content=wrong), 400)["faults"]
    assert [(each["line"], each["advice"]) for each in faults] == [
        (6, "Did you mean `front_node`?"),
        (9, "Did you mean `worker_node`?"),
    ]


def test_a_python_object_in_the_body_runs_nothing(http: httpx.Client, tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"
    evil = f"infra_name: !!python/object/apply:os.system ['touch {mark}']\n"
    refusal(http.post("/infrastructures/", content=evil), 400)
    assert not mark.exists()


def test_files_of_the_server_cannot_be_imported_by_a_body(http: httpx.Client, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    body = f"infra_name: a\nuser_id: !text_import\n  url: file://{secret}\nnodes: []\n"
    assert SECRET not in http.post("/infrastructures/", content=body).text
    refusal(http.post("/infrastructures/", content=body), 400)


def test_a_notifier_is_refused_and_says_what_there_is(http: httpx.Client, tmp_path: Path) -> None:
    id = built(http, tmp_path)
    fcm = {"type": "fcm", "fcm": {"api_key": SECRET, "reg_id": "x"}}
    answer = refusal(http.post(f"/infrastructures/{id}/notify", json=fcm), 400)
    assert answer["reason"] == "fcm_is_gone" and "/api/v1/events" in answer["message"]
    wrong: list[Any] = [{"type": "pigeon"}, {}, [], "fcm"]
    for body in wrong:
        refusal(http.post(f"/infrastructures/{id}/notify", json=body), 400)
    refusal(http.post(f"/infrastructures/{id}/notify", content=b"{"), 400)


def test_info_tells_states_and_addresses_and_no_secret(http: httpx.Client, tmp_path: Path) -> None:
    id = built(http, tmp_path, shade=SECRET)

    def told(key: str, **more: str) -> Any:
        answer = http.get(f"/info/{key}", params={"infra_id": id} | more)
        assert answer.status_code == 200, answer.text
        assert SECRET not in answer.text
        return answer.json()["result"]

    description = told("infrastructure.static_description")
    assert description["infra_name"] == "demo"
    assert description["dependencies"] == [["worker", "front"]]
    assert "variables" not in json.dumps(description)
    assert told("infrastructure.state") == looked(http, id)
    machines = told("infrastructure.node_instances")["worker"]
    machine = next(iter(machines))
    assert told("node.state", node_id=machine) == "ready"
    assert told("node.resource.address", node_id=machine) == machines[machine]["resource_address"]
    assert told("node.resource.cost", node_id=machine) == 0.1
    assert {each["node_id"] for each in told("node.find", node_name="worker")} == set(machines)


def test_info_keeps_what_may_hold_secrets(http: httpx.Client) -> None:
    for key in ("backends.auth_data", "node.definition"):
        refusal(http.get(f"/info/{key}", params={"infra_id": "x", "node_type": "front_node"}), 403)
    refusal(http.get("/info/nothing.of.this"), 404)
    refusal(http.get("/info/node.state"), 400)


def test_jobserver_keeps_its_info(http: httpx.Client) -> None:
    assert http.get("/info", headers={"Accept": "application/json"}).status_code == 200


def test_another_origins_page_builds_nothing(http: httpx.Client, tmp_path: Path) -> None:
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = http.post("/infrastructures/", content=text(tmp_path), headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_after_a_restart_what_was_kept_is_kept(tmp_path: Path) -> None:
    written(tmp_path)
    bundle = read_bundle(tmp_path / INFRA, tmp_path / NODES).plain()
    with running_server(tmp_path / "home", infra={"interval": 0.5}) as served, Client(served.url) as client:
        infra = client.infra.build(bundle).wait(timeout=60)
        assert infra.facts["attached"]
    with running_server(tmp_path / "home", infra={"interval": 0.5}) as served, served.http() as http:
        assert http.get("/infrastructures/").json()["infrastructures"] == [infra.id]
        refusal(http.post(f"/infrastructures/{infra.id}/attach"), 409)
