"""Jobs as programs ask for them: every feature of /api/v1/jobs through a real server and real workers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

JOBS = "/api/v1/jobs"
ENDS = {"succeeded", "failed", "cancelled", "lost"}
TRUE: dict[str, Any] = {"runner": "command", "cmd": ["true"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("jobs") / "home", workers=2) as served:
        yield served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


def sh(script: str, **more: Any) -> dict[str, Any]:
    return {"runner": "command", "cmd": ["sh", "-c", script]} | more


def posted(http: httpx.Client, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = http.post(JOBS, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{JOBS}/{answer.json()['id']}"
    job: dict[str, Any] = answer.json()
    return job


def at_end(http: httpx.Client, id_: int) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        job: dict[str, Any] = http.get(f"{JOBS}/{id_}?wait=10").json()
        return job if job["state"] in ENDS else {}

    return wait_until(look, timeout=90)


def ran(http: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    return at_end(http, posted(http, body)["id"])


def test_a_command_is_run_and_its_output_kept_apart(http: httpx.Client) -> None:
    job = ran(http, sh("echo one; echo two >&2", name="words", extra={"a": 1}))
    assert job["state"] == "succeeded"
    assert job["result"] == {"exit_code": 0, "stdout": "one\n", "stderr": "two\n", "truncated": False}
    log = f"{JOBS}/{job['id']}/log"
    assert http.get(log, params={"stream": "out"}).text == "one\n"
    assert http.get(log, params={"stream": "err"}).text == "two\n"
    assert sorted(http.get(log).text.split()) == ["one", "two"]


def test_one_key_posted_at_once_is_one_job(http: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        posts = [pool.submit(posted, http, sh("true"), **{"Idempotency-Key": "once"}) for _ in range(8)]
        assert len({post.result()["id"] for post in posts}) == 1
    refused = http.post(JOBS, json=sh("false"), headers={"Idempotency-Key": "once"})
    assert refused.status_code == 409
    both = http.post(JOBS, json=TRUE | {"idempotency_key": "a"}, headers={"Idempotency-Key": "b"})
    assert both.status_code == 422


def test_an_array_tells_of_its_elements(http: httpx.Client) -> None:
    head = posted(http, sh("echo {{.}} $SHOAL_ARRAY_INDEX; test {{.}} != 2", array="0-4%2", name="sweep"))
    assert len(head["ids"]) == 6
    ended = at_end(http, head["id"])
    assert (ended["state"], ended["children"]) == ("failed", {"failed": 1, "succeeded": 4})
    assert ended["error"]["message"] == "1 of 5 jobs of the array did not succeed."
    elements = http.get(f"{JOBS}/{head['id']}/children").json()["jobs"]
    assert [each["array_index"] for each in elements] == [0, 1, 2, 3, 4]
    assert elements[3]["result"]["stdout"] == "3 3\n"
    failed = http.get(f"{JOBS}/{head['id']}/children", params={"state": "failed,lost"}).json()["jobs"]
    assert [each["array_index"] for each in failed] == [2]


def test_steps_pass_on_what_they_found_and_go_on_where_they_failed(http: httpx.Client) -> None:
    steps = [
        {"runner": "function", "script": "summary", "data": {"type": "raw_data", "data": {"a": [1, 2, 6]}}},
        sh("grep -q mean $SHOAL_DATA && exit 4", name="look"),
        sh("echo not reached"),
    ]
    ended = ran(http, {"steps": steps, "name": "pipe"})
    assert ended["state"] == "failed"
    assert ended["error"]["message"] == "Step look: It ended with exit code 4."
    http.post(f"{JOBS}/{ended['id']}/rerun")
    again = at_end(http, ended["id"])
    parts = http.get(f"{JOBS}/{ended['id']}/children").json()["jobs"]
    assert [part["generation"] for part in parts] == [1, 2, 2]
    assert again["generation"] == 2


def test_a_job_follows_another(http: httpx.Client) -> None:
    first = posted(http, sh("exit 1"))["id"]
    after = [{"job": first, "condition": "not_ok"}]
    assert ran(http, sh("echo mended", after=after))["result"]["stdout"] == "mended\n"
    blocked = ran(http, sh("true", after=[{"job": first}]))
    assert (blocked["state"], blocked["error"]["kind"]) == ("failed", "dependency")


def test_a_draft_is_changed_until_it_is_released(http: httpx.Client) -> None:
    draft = posted(http, sh("echo first", draft=True))
    assert draft["state"] == "draft"
    changed = http.put(f"{JOBS}/{draft['id']}", json=sh("echo second", draft=True))
    assert (changed.status_code, changed.json()["state"]) == (200, "draft")
    assert http.post(f"{JOBS}/{draft['id']}/release").json()["ids"] == [draft["id"]]
    assert at_end(http, draft["id"])["result"]["stdout"] == "second\n"
    assert http.put(f"{JOBS}/{draft['id']}", json=TRUE).status_code == 409


def test_an_equal_job_takes_the_result_that_is_there(http: httpx.Client) -> None:
    first = ran(http, sh("date +%N", cache=True))
    second = posted(http, sh("date +%N", cache=True))
    assert (second["state"], second["cached_from"]) == ("succeeded", first["id"])
    assert second["result"] == first["result"]
    assert posted(http, sh("date +%N"))["cached_from"] is None


def test_exit_codes_decide_whether_it_is_tried_again(http: httpx.Client) -> None:
    retry = {"max_attempts": 3, "on": ["exit:75"], "backoff": 0}
    assert ran(http, sh("exit 75", retry=retry))["attempts"] == 3
    assert ran(http, sh("exit 2", retry=retry))["attempts"] == 1


def test_a_program_that_takes_too_long_is_ended(http: httpx.Client) -> None:
    job = ran(http, sh("sleep 60", timeout=0.5, kill_grace=1))
    assert (job["state"], job["error"]["kind"]) == ("failed", "timeout")


def test_files_that_were_left_are_sent_to_be_saved(http: httpx.Client) -> None:
    job = ran(http, sh("mkdir -p out/deep; echo '<script>' > out/deep/page.html; echo x > out/x.txt"))
    left = http.get(f"{JOBS}/{job['id']}/artifacts").json()["artifacts"]
    assert {each["name"] for each in left} == {"deep/page.html", "x.txt"}
    page = next(each for each in left if each["name"] == "deep/page.html")
    answer = http.get(f"{JOBS}/{job['id']}/artifacts/deep/page.html")
    assert answer.text == "<script>\n"
    assert hashlib.sha256(answer.content).hexdigest() == page["sha256"]
    assert answer.headers["content-disposition"] == 'attachment; filename="page.html"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    for name in ("y.txt", "../x.txt", "%2e%2e%2fx.txt", "deep", "%00"):
        assert http.get(f"{JOBS}/{job['id']}/artifacts/{name}").status_code in (404, 422), name


def test_a_log_is_followed_by_its_streams_until_the_end(http: httpx.Client) -> None:
    job = posted(http, sh("for i in 1 2; do echo out $i; echo err $i >&2; sleep 0.2; done; printf '\\377'"))
    events = list[tuple[str, str]]()
    path = f"{JOBS}/{job['id']}/log"
    kind = ""
    with http.stream("GET", path, params={"follow": True}, headers={"Accept": "text/event-stream"}) as answer:
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            kind = value if name == "event" else kind
            if name == "data":
                events.append((kind, value))
    assert [kind for kind, _ in events][-1] == "end"
    assert {kind for kind, _ in events[:-1]} == {"out", "err"}
    assert "base64" in events[-2][1]
    with http.stream("GET", path, params={"follow": True, "stream": "err"}) as answer:
        assert answer.read() == b"err 1\nerr 2\n"


def test_parts_of_a_log_are_asked_for_by_range_and_by_text(http: httpx.Client) -> None:
    job = ran(http, sh("seq 1 100; echo needle >&2; echo NEEDLES"))
    path = f"{JOBS}/{job['id']}/log"
    whole = http.get(path, params={"stream": "all"}).content
    part = http.get(path, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole[2:6])
    assert part.headers["content-range"] == f"bytes 2-5/{len(whole)}"
    assert http.get(path, headers={"Range": "bytes=-4"}).content == whole[-4:]
    assert http.get(path, headers={"Range": "bytes=99999-"}).status_code == 416
    assert sorted(http.get(path, params={"search": "needle"}).text.split()) == ["NEEDLES", "needle"]
    assert http.get(path, params={"search": "needle", "stream": "out"}).text == "NEEDLES\n"


def test_jobs_are_found_by_what_is_noted_of_them(http: httpx.Client) -> None:
    job = ran(http, sh("true", extra={"run": {"site": 7, "tags": "a"}}))
    found = http.get(JOBS, params={"where": '{"run.site": {"$gte": 7, "$lt": 8}}'}).json()["jobs"]
    assert [each["id"] for each in found] == [job["id"]]
    noted = http.patch(f"{JOBS}/{job['id']}", json={"extra": {"run": {"site": 9}}})
    assert noted.json()["extra"] == {"run": {"site": 9}}
    assert http.get(JOBS, params={"where": '{"run.site": 7}'}).json()["jobs"] == []
    for bad in ('{"$where": "1"}', '{"a": {"$regex": "x"}}', "[]", "{", '{"a.": 1}'):
        assert http.get(JOBS, params={"where": bad}).status_code == 422, bad


def test_many_jobs_are_cancelled_run_again_and_removed(http: httpx.Client) -> None:
    dead = [ran(http, sh("exit 1", name="dead letter"))["id"] for _ in range(2)]
    fresh = posted(http, sh("sleep 60", name="dead letter"))["id"]
    again = http.post(f"{JOBS}/rerun", json={"filter": {"state": ["failed", "lost"], "name": "dead letter"}})
    assert sorted(again.json()["changed"]) == dead
    done = http.post(f"{JOBS}/cancel", json={"ids": [fresh, *dead]}).json()
    assert fresh in done["changed"]
    for id_ in (*dead, fresh):
        at_end(http, id_)
    assert sorted(http.post(f"{JOBS}/remove", json={"ids": [fresh, *dead]}).json()["changed"]) == [
        *dead,
        fresh,
    ]
    assert http.get(f"{JOBS}/{fresh}").status_code == 404
    wrong: list[dict[str, Any]] = [{}, {"filter": {}}, {"ids": [1], "filter": {"name": "x"}}, {"ids": [0]}]
    for bad in wrong:
        assert http.post(f"{JOBS}/remove", json=bad).status_code == 422, bad


def test_one_job_is_removed_with_its_log(server: Served, http: httpx.Client) -> None:
    job = ran(http, sh("echo gone"))
    logs = set(server.home.glob(f"logs/*/{job['id']}.*"))
    assert logs
    assert http.delete(f"{JOBS}/{job['id']}").status_code == 204
    assert http.delete(f"{JOBS}/{job['id']}").status_code == 404
    assert not [each for each in logs if each.exists()]


def test_a_schedule_submits_its_request(http: httpx.Client) -> None:
    path = "/api/v1/schedules"
    wish = {"cron": "0 6 * * 1-5", "zone": "Europe/Budapest", "name": "morning", "request": sh("true")}
    made = http.post(path, json=wish)
    assert made.status_code == 201
    id_, upcoming = made.json()["id"], made.json()["upcoming"]
    assert made.json()["next"] == upcoming[0]
    assert upcoming == sorted(set(upcoming))
    assert http.post(f"{path}/{id_}/pause").json()["next"] is None
    assert http.patch(f"{path}/{id_}", json={"cron": "* * * * *"}).json()["paused"]
    assert http.post(f"{path}/{id_}/resume").json()["next"] is not None
    assert id_ in {each["id"] for each in http.get(path).json()["schedules"]}
    shapeless: dict[str, Any] = {"request": []}
    for bad in ({"cron": "x"}, {"zone": "Mars/Olympus"}, {"request": {"runner": "command"}}, shapeless):
        assert http.post(path, json=wish | bad).status_code == 422, bad
    assert http.post(path, json=wish | {"request": {"runner": "function", "script": "no"}}).status_code == 404
    assert http.delete(f"{path}/{id_}").status_code == 204
    assert http.get(f"{path}/{id_}").status_code == 404


def test_bounds_are_set_and_lifted(http: httpx.Client) -> None:
    path = "/api/v1/limits"
    assert http.put(f"{path}/kind/container", json={"n": 2}).status_code == 200
    assert http.put(f"{path}/rate/ana", json={"n": 30}).status_code == 200
    listed = http.put(f"{path}/quota/ana", json={"n": 5}).json()["limits"]
    assert {"scope": "quota", "name": "ana", "n": 5} in listed
    for scope, name in (("kind", "container"), ("rate", "ana"), ("quota", "ana")):
        listed = http.put(f"{path}/{scope}/{name}", json={"n": None}).json()["limits"]
    assert listed == http.get(path).json()["limits"]
    assert not [each for each in listed if each["name"] in ("ana", "container")]
    assert http.put(f"{path}/quota/local", json={"n": 0}).status_code == 200
    refused = http.post(JOBS, json=TRUE)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_used_up")
    http.put(f"{path}/quota/local", json={"n": None})


NESTED = b'{"runner": "command", "cmd": ["true"], "extra": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}"
ODD: list[tuple[bytes, str]] = [
    (b"", "application/json"),
    (b"{", "application/json"),
    (b"null", "application/json"),
    (b"[]", "application/json"),
    (b'"command"', "application/json"),
    (b"\xff\xfe{}", "application/json"),
    (b'{"runner": "command", "cmd": ["true"]}', "text/plain"),
    (b"runner=command&cmd=true", "application/x-www-form-urlencoded"),
    (b'{"runner": "command", "cmd": ["a\\u0000b"]}', "application/json"),
    (b'{"runner": "command", "cmd": ["\\ud800"]}', "application/json"),
    (b'{"runner": "command", "cmd": ["a"], "extra": {"x": NaN}}', "application/json"),
    (b'{"runner": "command", "cmd": ["a"], "timeout": 1e999}', "application/json"),
    (b'{"runner": "command", "cmd": ["a"], "seed": 99999999999999999999999}', "application/json"),
    (b'{"runner": "command", "cmd": ["a"], "array": "0-999999999"}', "application/json"),
    (NESTED, "application/json"),
    (b'{"runner": "function", "script": "../../etc/passwd"}', "application/json"),
    (b'{"runner": "file", "script": "/bin/sh"}', "application/json"),
    (b'{"runner": "eval", "code": "1"}', "application/json"),
    (b'{"runner": "container", "image": "x", "mounts": ["/:/host"]}', "application/json"),
    (
        b'{"runner": "command", "cmd": ["a"], "data": {"type": "datafile", "name": ".."}}',
        "application/json",
    ),
    (b'{"runner": "command", "cmd": ["a"], "after": [{"job": 999999999}]}', "application/json"),
    (b'{"runner": "command", "cmd": ["a"], "webhook": "file:///etc/passwd"}', "application/json"),
    (b'{"runner": "command", "cmd": ["a"], "env": {"LD_PRELOAD": "/tmp/x.so"}}', "application/json"),
]


@pytest.mark.parametrize(("body", "kind"), ODD)
def test_an_odd_body_is_refused_in_words(http: httpx.Client, body: bytes, kind: str) -> None:
    answer = http.post(JOBS, content=body, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"]


def test_a_page_of_another_origin_cannot_hand_a_job_in(http: httpx.Client) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for method, path in (("POST", JOBS), ("POST", f"{JOBS}/remove"), ("PUT", f"{JOBS}/1")):
            assert http.request(method, path, json=TRUE, headers=headers).status_code == 403, path


def test_a_server_that_stops_lets_followers_go(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as server, server.http() as http:
        draft = posted(http, sh("true", draft=True))["id"]
        with http.stream("GET", f"{JOBS}/{draft}/log", params={"follow": True}) as answer:
            began = monotonic()
            assert server.stop() == 0
            assert answer.read() == b""
        assert monotonic() - began < 20  # It would wait for ever: nobody releases the draft.
