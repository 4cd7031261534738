"""CQueue's documented requests, by curl against a listener at :8080, before a real container engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.support.containers import Containers, running_containers
from tests.support.ports import held_port
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real
POST = "curl -H 'Content-Type: application/json' -X POST -d'%s' http://localhost:8080/task"
ENDS = ("SUCCESS", "FAILURE", "CANCELED")
as_another_user = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("runuser") is None, reason="needs root and runuser to be another user"
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Containers]:
    with running_containers() as running:
        yield running


@pytest.fixture(scope="module")
def server(engine: Containers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("cqueue") / "home"
    with (
        held_port(8080) as address,
        running_server(home, listen=[address], workers=2, containers={"engine": engine.socket}) as served,
    ):
        yield served


@pytest.fixture(scope="module")
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


def run(line: str) -> str:
    """Run a documented line in a shell and return what it prints."""
    done = subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | {"no_proxy": "*"},
    )
    return done.stdout


def post(http: httpx.Client, **document: Any) -> str:
    answer = http.post("/task", json=document)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def status(http: httpx.Client, task: str) -> str:
    return str(http.get(f"/task/{task}").json()["status"])


def ended(http: httpx.Client, task: str) -> str:
    """Wait for a task to end and return its status."""
    wait_until(lambda: status(http, task) in ENDS, timeout=60, on_timeout=lambda: details(http, task))
    wait_until(lambda: http.get(f"/task/{task}/result").status_code != 409)
    return status(http, task)


def wait_for(http: httpx.Client, task: str, words: str) -> None:
    """Wait until a task that runs has written something."""
    wait_until(lambda: words in http.get(f"/task/{task}/result?partial=1").text)


def details(http: httpx.Client, task: str) -> dict[str, Any]:
    return dict(http.get(f"/task/{task}?details=1").json())


def succeeded(http: httpx.Client, answer: str) -> str:
    """Return the result of the task that a post has answered."""
    found = re.fullmatch(r'\{"id":"(task_([0-9a-f-]{36}))"\}', answer)
    assert found is not None, answer
    assert uuid.UUID(found[2]).version == 4
    assert ended(http, found[1]) == "SUCCESS", details(http, found[1])
    return run(f"curl -X GET http://localhost:8080/task/{found[1]}/result")


def test_use_case_1_runs_a_container(http: httpx.Client) -> None:
    assert succeeded(http, run(POST % '{"image":"ubuntu", "cmd":["echo", "test msg"]}')) == "test msg\n"


def test_use_case_2_runs_a_command_of_the_worker(http: httpx.Client) -> None:
    assert succeeded(http, run(POST % '{"type":"local", "cmd":["echo", "test msg"]}')) == "test msg\n"


def test_use_case_3_runs_a_batch(http: httpx.Client) -> None:
    line = POST % '{"type":"batch", "start":"1" , "stop":"10", "cmd":["echo", "run {{.}}.cfg"]}'
    assert succeeded(http, run(line)) == "".join(f"run {n}.cfg\n" for n in range(1, 11))


def test_the_cluster_tutorial_posts_asks_fetches_and_deletes(http: httpx.Client) -> None:
    answer = run(POST % '{"image":"ubuntu", "cmd":["echo", "hello Docker"]}')
    task = orjson.loads(answer)["id"]
    assert ended(http, task) == "SUCCESS"
    assert run(f"curl -X GET http://localhost:8080/task/{task}") == '{"status":"SUCCESS"}'
    assert run(f"curl -X GET http://localhost:8080/task/{task}/result").strip() == "hello Docker"
    run(f"curl -X DELETE http://localhost:8080/task/{task}")
    assert http.get(f"/task/{task}").status_code == 404


def test_env_and_container_name_reach_the_container(http: httpx.Client, engine: Containers) -> None:
    program = "echo $COLOUR; echo $SHOAL_ATTEMPT; exec sleep 600"
    task = post(
        http, image="ubuntu", env=["COLOUR=deep blue"], container_name="sweep-4", cmd=["sh", "-c", program]
    )
    wait_until(lambda: http.get(f"/task/{task}/result?partial=1").text == "deep blue\n1\n")
    assert engine.run("inspect", "--format={{.HostConfig.Init}} {{.HostConfig.LogConfig}}", "sweep-4") == (
        "true {json-file map[max-file:2 max-size:10m]}"
    )
    assert engine.run("logs", "sweep-4") == "deep blue\n1"
    twin = post(http, image="ubuntu", container_name="sweep-4", cmd=["true"])
    assert ended(http, twin) == "SUCCESS"
    http.delete(f"/task/{task}")
    assert ended(http, task) == "CANCELED"


def test_a_result_is_refused_before_the_end_and_shown_as_it_grows(http: httpx.Client) -> None:
    task = post(http, image="ubuntu", cmd=["sh", "-c", "echo begun; echo oops >&2; exec sleep 600"])
    wait_for(http, task, "oops")
    early = http.get(f"/task/{task}/result")
    assert (early.status_code, early.json()["code"]) == (409, "unfinished_task")
    assert sorted(http.get(f"/task/{task}/result?partial=1").text.split()) == ["begun", "oops"]
    assert status(http, task) == "STARTED"
    assert http.delete(f"/task/{task}").json() == {"id": task, "status": "CANCELED"}
    assert ended(http, task) == "CANCELED"


def test_a_task_waits_is_received_and_started(http: httpx.Client) -> None:
    first = post(http, type="local", cmd=["sleep", "0"])
    assert status(http, first) in ("PENDING", "RECEIVED", "STARTED", "SUCCESS")
    later = post(http, type="local", cmd=["true"], not_before="2100-01-01T00:00:00Z")
    assert status(http, later) == "PENDING"
    assert http.delete(f"/task/{later}").json()["status"] == "CANCELED"
    assert ended(http, first) == "SUCCESS"


def test_a_failed_container_is_tried_again_until_its_attempts_are_used_up(http: httpx.Client) -> None:
    task = post(
        http, image="ubuntu", cmd=["sh", "-c", "echo try $SHOAL_ATTEMPT; exit 3"], backoff={"base": 1}
    )
    wait_until(lambda: status(http, task) == "RETRY")
    assert ended(http, task) == "FAILURE"
    told = details(http, task)
    assert [each["exit_code"] for each in told["attempts"]] == [3, 3, 3]
    assert http.get(f"/task/{task}/result").text == "try 3\n"
    once = post(http, image="ubuntu", cmd=["sh", "-c", "exit 4"], retries=0)
    assert ended(http, once) == "FAILURE"
    assert [each["exit_code"] for each in details(http, once)["attempts"]] == [4]


def test_numbers_of_a_batch_are_text_or_numbers_and_the_last_belongs_to_it(http: httpx.Client) -> None:
    numbers = post(http, type="batch", start=3, stop=5, cmd=["echo", "{{.}}"])
    assert ended(http, numbers) == "SUCCESS"
    assert http.get(f"/task/{numbers}/result").text == "3\n4\n5\n"
    stepped = post(http, type="batch", start="-2", stop="3", step="2", cmd=["echo", "{{.}}"])
    assert ended(http, stepped) == "SUCCESS"
    assert http.get(f"/task/{stepped}/result").text == "-2\n0\n2\n"


def test_one_failed_item_does_not_stop_the_rest_and_each_can_be_asked_for(http: httpx.Client) -> None:
    program = ["sh", "-c", "echo item {{.}}; test {{.}} != 2"]
    task = post(http, type="batch", start=1, stop=3, cmd=program, retries=0)
    assert ended(http, task) == "FAILURE"
    assert http.get(f"/task/{task}/result").text == "item 1\nitem 2\nitem 3\n"
    items = [http.get(f"/task/{task}/items/{n}").json() for n in (1, 2, 3)]
    assert [(item["exit_code"], item["stdout"]) for item in items] == [
        (0, "item 1\n"),
        (1, "item 2\n"),
        (0, "item 3\n"),
    ]
    assert http.get(f"/task/{task}/items/4").status_code == 404


def test_a_running_container_is_asked_to_end_and_then_killed(http: httpx.Client, engine: Containers) -> None:
    polite = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    deaf = "trap '' TERM; echo up; while :; do sleep 0.05; done"
    tasks = [
        post(http, image="ubuntu", cmd=["sh", "-c", program], kill_grace=1) for program in (polite, deaf)
    ]
    for task in tasks:
        wait_for(http, task, "up")
        http.delete(f"/task/{task}")
    assert [ended(http, task) for task in tasks] == ["CANCELED", "CANCELED"]
    assert "bye" in http.get(f"/task/{tasks[0]}/result").text
    for task in tasks:
        assert engine.of_job(details(http, task)["job"]) == []


def test_a_task_waits_for_another(http: httpx.Client) -> None:
    first = post(http, type="local", cmd=["sh", "-c", "exit 1"], retries=0)
    after = post(http, type="local", cmd=["echo", "after"], depends_on=[{"id": first, "condition": "not_ok"}])
    never = post(http, type="local", cmd=["echo", "never"], depends_on=[first])
    assert ended(http, after) == "SUCCESS"
    assert ended(http, never) == "FAILURE"
    assert details(http, never)["attempts"] == []


def test_one_key_posted_twice_is_one_task(http: httpx.Client) -> None:
    document = {"type": "local", "cmd": ["true"], "idempotency_key": "posted-twice"}
    assert post(http, **document) == post(http, **document)


def test_tasks_are_listed_in_parts_and_by_status(http: httpx.Client) -> None:
    made = [post(http, type="local", cmd=["true"]) for _ in range(3)]
    assert [ended(http, task) for task in made] == ["SUCCESS"] * 3
    first = http.get("/task", params={"limit": 2}).json()
    rest = http.get("/task", params={"limit": 2, "cursor": first["cursor"]}).json()
    assert [each["id"] for each in first["tasks"]] == made[:0:-1]
    assert rest["tasks"][0] == {"id": made[0], "status": "SUCCESS"}
    good = http.get("/task", params={"status": "SUCCESS"}).json()["tasks"]
    assert {each["status"] for each in good} == {"SUCCESS"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{image: ubuntu}", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "image"),
        (b'{"image":"ubuntu","comand":["true"]}', "no field 'comand'"),
        (b'{"image":7}', "image"),
        (b'{"image":"../../etc"}', "image"),
        (b'{"image":"ubuntu","cmd":"echo"}', "cmd"),
        (b'{"image":"ubuntu","cmd":[1]}', "cmd"),
        (b'{"image":"ubuntu","env":["NOVALUE"]}', "env"),
        (b'{"image":"ubuntu","container_name":"a b"}', "container_name"),
        (b'{"type":"remote","cmd":["true"]}', "type"),
        (b'{"type":"local"}', "cmd"),
        (b'{"type":"local","cmd":[]}', "cmd"),
        (b'{"type":"batch","cmd":["true"]}', "start"),
        (b'{"type":"batch","start":"5","stop":"4","cmd":["true"]}', "stop"),
        (b'{"type":"batch","start":"one","stop":"4","cmd":["true"]}', "start"),
        (b'{"type":"batch","start":1.5,"stop":4,"cmd":["true"]}', "start"),
        (b'{"type":"batch","start":true,"stop":4,"cmd":["true"]}', "start"),
        (b'{"type":"batch","start":1,"stop":4,"step":0,"cmd":["true"]}', "step"),
        (b'{"image":"ubuntu","start":1,"stop":2}', "start"),
        (b'{"image":"ubuntu","retries":-1}', "retries"),
        (b'{"image":"ubuntu","backoff":5}', "backoff"),
        (b'{"image":"ubuntu","resources":{"disk":5}}', "resources"),
        (b'{"image":"ubuntu","depends_on":"task_1"}', "depends_on"),
        (b'{"image":"ubuntu","depends_on":[{"job":1}]}', "depends_on"),
        (b'{"image":"ubuntu","env":["A=\\u0000"]}', "env"),
        (b'{"image":"ubuntu","pull":"sometimes"}', "pull"),
    ],
)
def test_what_is_no_task_is_refused_in_a_sentence(http: httpx.Client, body: bytes, words: str) -> None:
    before = http.get("/task").json()["tasks"][:1]
    answer = http.post("/task", content=body)
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["error"]
    assert http.get("/task").json()["tasks"][:1] == before


@pytest.mark.parametrize(
    "given",
    [
        {"volumes": ["/:/host"]},
        {"volumes": ["/etc:/etc:ro"]},
        {"volumes": ["/var/run/docker.sock:/docker.sock"]},
        {"network": "host"},
        {"network": "container:other"},
        {"user": "0"},
        {"devices": ["/dev/kmsg"]},
    ],
)
def test_a_container_is_given_nothing_of_the_machine(http: httpx.Client, given: dict[str, Any]) -> None:
    answer = http.post("/task", json={"image": "ubuntu", "cmd": ["true"]} | given)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert "containers." in answer.json()["error"]


@pytest.mark.parametrize(
    "task", ["task_1", "task_8b0c7a52-5d1c-4c1b-9a51-0d2f6a3f7e11", "1", "task_..%2f..", "%00"]
)
@pytest.mark.parametrize("rest", ["", "/result", "/items/1"])
def test_an_unknown_task_is_not_found(http: httpx.Client, task: str, rest: str) -> None:
    answer = http.get(f"/task/{task}{rest}")
    assert answer.status_code == 404
    assert "error" in answer.json()
    if not rest:
        assert http.delete(f"/task/{task}").status_code == 404


def test_a_page_of_another_origin_may_not_post_a_task(http: httpx.Client) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = http.post("/task", json={"type": "local", "cmd": ["true"]}, headers=headers)
        assert answer.status_code == 403
        assert "another origin" in answer.json()["error"]


def test_a_name_that_was_bound_to_this_address_may_not_post_a_task(http: httpx.Client) -> None:
    for host in ("evil.example:8080", "127.0.0.1.evil.example"):
        answer = http.post("/task", json={"type": "local", "cmd": ["true"]}, headers={"Host": host})
        assert answer.status_code == 421
        assert "error" in answer.json()


@as_another_user
def test_another_user_of_this_machine_may_not_post_a_task(http: httpx.Client) -> None:
    before = http.get("/task").json()["tasks"][:1]
    document = '{"type":"local","cmd":["true"]}'
    answer = run(f"cd /; runuser -u nobody -- curl -s -X POST -d'{document}' http://localhost:8080/task")
    assert "Another user of this machine" in orjson.loads(answer)["error"]
    assert http.get("/task").json()["tasks"][:1] == before
