"""Jobserver's documented requests for jobs, sent by curl as its users' scripts do."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.jobserver import FUNCTIONS, Jobserver
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
PROGRAM = """#!/bin/sh
echo "out: $# ${1##*/} $2"
echo "a warning" >&2
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("jobserver")
    (folder / "functions").mkdir()
    (folder / "functions" / "tests_own.py").write_text(FUNCTIONS)
    program = folder / "program.sh"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    execution = {
        "scripts": ["shoal.samples", str(folder / "functions")],
        "files": [str(program)],
        "eval": True,
    }
    with running_server(folder / "home", execution=execution) as served:
        yield served


@pytest.fixture(scope="module")
def jobserver(server: Served) -> Jobserver:
    return Jobserver(server.url)


def test_a_job_is_created_under_a_new_id(jobserver: Jobserver) -> None:
    told = jobserver.told("PUT", "/job", {"foo": "bar"}, status=201)
    assert re.fullmatch("[0-9a-f]{24}", told["_id"])
    assert jobserver.told("GET", f"/job/{told['_id']}") == told
    bare = jobserver.told("PUT", "/job", status=201)
    assert set(bare) == {"_id", "created", "started", "finished", "result"}
    assert bare["_id"] != told["_id"]


def test_a_job_is_created_once_under_a_given_id(jobserver: Jobserver) -> None:
    told = jobserver.told("PUT", "/job/Mine_4-2", {"n": 1}, status=201)
    assert told["_id"] == "Mine_4-2"
    assert "already" in jobserver.refused("PUT", "/job/Mine_4-2", {"n": 2}, status=409)
    assert jobserver.told("GET", "/job/Mine_4-2") == told
    for bad in ("a.b", "x" * 65, "a%20b", "%C3%A4", "a%00"):
        jobserver.refused("PUT", f"/job/{bad}", status=400)


def test_put_creates_and_post_updates(jobserver: Jobserver) -> None:
    jobserver.refused("POST", "/job/nobody", {"a": 1}, status=404)
    first = jobserver.told("PUT", "/job/doc", {"a": 1, "b": {"c": [1, None]}}, status=201)
    second = jobserver.told("POST", "/job/doc", {"a": "new", "site": {"no": 4}})
    assert second.pop("edited") >= first["created"]
    assert second == first | {"a": "new", "site": {"no": "4"}}


def test_values_are_texts_and_times_are_utc(jobserver: Jobserver) -> None:
    body: Any = {
        "yes": True,
        "no": None,
        "n": 4,
        "x": 12000.0,
        "list": [1, "a", None],
        "o": {"p": {"q": [{}]}},
    }
    told = jobserver.told("PUT", "/job", body, status=201)
    assert TIME.fullmatch(told["created"])
    expected = {"yes": "True", "no": "None", "n": "4", "x": "12000.0", "list": "[1, 'a', None]"}
    assert told.items() >= expected.items()
    assert told["o"] == {"p": {"q": "[{}]"}}
    assert (told["started"], told["finished"], told["result"]) == ("None", "None", "None")


def test_what_we_say_of_a_job_cannot_be_set_from_outside(jobserver: Jobserver) -> None:
    forged = {
        "_id": "other", "created": "1970-01-01", "started": "now", "finished": "now", "edited": "never",
        "result": {"value": 7}, "error": "x", "message": "x", "time_sec": 0, "user_id": "a",
        "kept": "yes",
    }  # fmt: skip
    told = jobserver.told("PUT", "/job/real", forged, status=201)
    told = jobserver.told("POST", "/job/real", forged)
    assert set(told) == {"_id", "created", "started", "finished", "edited", "result", "kept"}
    assert (told["_id"], told["kept"]) == ("real", "yes")
    assert told["started"] == told["finished"] == told["result"] == "None"
    assert TIME.fullmatch(told["created"])
    assert TIME.fullmatch(told["edited"])


def test_an_unknown_job_is_told_in_the_status_line(jobserver: Jobserver) -> None:
    unknown = [
        ("GET", ""),
        ("POST", ""),
        ("DELETE", ""),
        *((method, "/run") for method in ("GET", "POST", "PUT")),
    ]
    for method, path in unknown:
        jobserver.refused(method, f"/job/5b9011469eb82b0d84ca212f{path}", {}, status=404)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_job_is_run_once(jobserver: Jobserver, method: str) -> None:
    id_ = jobserver.told("PUT", "/job", {"script_name": "seven", "mark": 1}, status=201)["_id"]
    started = jobserver.told(method, f"/job/{id_}/run", status=202)
    assert TIME.fullmatch(started["started"])
    assert started["script"] == {"name": "seven", "args": "[]", "kwargs": {}}
    assert "before" in jobserver.refused(method, f"/job/{id_}/run", status=409)
    ended = jobserver.ended(id_)
    assert (ended["result"], ended["mark"], ended["started"]) == ("7.0", "1", started["started"])
    assert float(ended["time_sec"]) >= 0
    jobserver.refused(method, f"/job/{id_}/run", status=409)
    assert jobserver.told("GET", f"/job/{id_}") == ended


def test_of_runs_at_once_one_starts_the_job(jobserver: Jobserver, server: Served) -> None:
    body = {"script_name": "seven", "mark": "at once"}
    id_ = jobserver.told("PUT", "/job", body, status=201)["_id"]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(jobserver.send("GET", f"/job/{id_}/run").status))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [202, 409, 409, 409, 409]
    assert jobserver.ended(id_)["result"] == "7.0"
    with server.http() as http:
        attempts = http.get(f"/api/v1/jobs/{number_of(server, mark='at once')}/attempts").json()["attempts"]
    assert len(attempts) == 1


def test_what_a_started_job_ran_with_stays(jobserver: Jobserver) -> None:
    told = jobserver.ran({"script_name": "seen", "raw_data": [1]})
    path = f"/job/{told['_id']}"
    assert "raw_data" in jobserver.refused("POST", path, {"raw_data": [2], "note": "x"}, status=409)
    assert "script_name" in jobserver.refused("POST", path, {"script_name": "seven"}, status=409)
    noted = jobserver.told("POST", path, {"note": "good", "script_name": "seen", "result": "forged"})
    assert (noted["note"], noted["result"]) == ("good", told["result"])


def number_of(server: Served, **extra: Any) -> int:
    """Return the number of the job that holds something."""
    with server.http() as http:
        [job] = http.get("/api/v1/jobs", params={"where": json.dumps(extra)}).json()["jobs"]
        return int(job["id"])


def test_a_job_is_deleted_unless_it_runs(jobserver: Jobserver, server: Served) -> None:
    draft = jobserver.told("PUT", "/job", {"a": 1}, status=201)["_id"]
    ended = jobserver.ran({"script_name": "seven"})["_id"]
    slow = {"script": {"name": "slow", "kwargs": {"seconds": 60}}, "mark": "slow"}
    runs = jobserver.told("PUT", "/job", slow, status=201)["_id"]
    jobserver.told("GET", f"/job/{runs}/run", status=202)
    waits = jobserver.told("PUT", "/job", {"script_name": "seven"}, status=201)["_id"]
    with server.http() as http:
        core = f"/api/v1/jobs/{number_of(server, mark='slow')}"
        wait_until(lambda: http.get(core).json()["state"] == "running")
        jobserver.told("GET", f"/job/{waits}/run", status=202)
        # Jobs like it were short, so it may be kept ahead of need for a moment.
        wait_until(lambda: jobserver.send("DELETE", f"/job/{waits}").status == 200)
        jobserver.refused("GET", f"/job/{waits}", status=404)
        for id_ in (draft, ended):
            assert jobserver.told("DELETE", f"/job/{id_}")["acknowledged"] is True
            jobserver.refused("GET", f"/job/{id_}", status=404)
        assert f"{core}/cancel" in jobserver.refused("DELETE", f"/job/{runs}", status=409)
        assert http.post(f"{core}/cancel").status_code == 200
    told = jobserver.ended(runs)
    assert (told["message"], told["result"]) == ("The job was cancelled.", "None")
    jobserver.told("DELETE", f"/job/{runs}")


def test_a_script_that_fails_says_why(jobserver: Jobserver) -> None:
    told = jobserver.ran({"script_name": "failing"})
    assert (told["result"], told["message"]) == ("None", "The script failed.")
    assert told["error"] == "ValueError: no numbers"
    assert TIME.fullmatch(told["finished"])


@contextmanager
def quota(server: Served, n: int) -> Iterator[None]:
    """Give the local owner a quota while the block runs."""
    path = "/api/v1/limits/quota/local"
    with server.http() as http:
        assert http.put(path, json={"n": n}).status_code == 200
        try:
            yield
        finally:
            assert http.put(path, json={"n": None}).status_code == 200


def test_a_run_costs_one_of_the_quota_and_gives_it_back_when_it_fails(
    jobserver: Jobserver, server: Served
) -> None:
    with quota(server, 1):
        assert "error" in jobserver.ran({"script_name": "failing"})
        assert jobserver.ran({"script_name": "seven"})["result"] == "7.0"
        id_ = jobserver.told("PUT", "/job", {"script_name": "seven"}, status=201)["_id"]
        assert "0 more jobs" in jobserver.refused("GET", f"/job/{id_}/run", status=429)
        assert jobserver.told("GET", f"/job/{id_}")["started"] == "None"
    jobserver.told("GET", f"/job/{id_}/run", status=202)


def test_arguments_reach_the_function(jobserver: Jobserver) -> None:
    script = {"type": "function", "name": "seen", "args": [1, "b"], "kwargs": {"c": {"d": None}}}
    told = jobserver.ran({"script": script, "raw_data": {"x": [1]}})
    assert told["result"]["args"] == "[1, 'b']"
    assert told["result"]["kwargs"] == {"c": {"d": "None"}}
    assert told["script"] == {
        "type": "function",
        "name": "seen",
        "args": "[1, 'b']",
        "kwargs": {"c": {"d": "None"}},
    }


def test_a_program_is_run_and_both_its_outputs_kept(jobserver: Jobserver) -> None:
    script = {"type": "file", "name": "program.sh", "args": ["first"], "kwargs": {"passed": "over"}}
    told = jobserver.ran({"script": script, "raw_data": [1, 2]})
    assert told["result"]["stderr"] == "a warning\n"
    assert told["result"]["stdout"] == "out: 2 data.json first\n"
    assert told["result"]["exit_code"] == "0"
    harmful = {"script": {"type": "file", "name": "/bin/sh", "args": ["-c", "echo harm"]}}
    other = jobserver.told("PUT", "/job", harmful, status=201)["_id"]
    assert "/bin/sh" in jobserver.refused("GET", f"/job/{other}/run", status=403)


def test_python_text_is_run_for_admins(jobserver: Jobserver) -> None:
    told = jobserver.ran({"script": {"type": "eval", "code": "result = sum(data)"}, "raw_data": [1, 2, 4]})
    assert told["result"] == "7", told


def test_jobs_are_listed_the_oldest_first_and_deleted_together(jobserver: Jobserver, server: Served) -> None:
    jobserver.told("DELETE", "/jobs")
    assert jobserver.told("GET", "/jobs") == {"found": 0, "jobs": []}
    ids = [jobserver.told("PUT", "/job", {"n": n}, status=201)["_id"] for n in range(3)]
    with server.http() as http:  # Another face's job is not one of these.
        body = {"runner": "command", "cmd": ["true"], "draft": True}
        assert http.post("/api/v1/jobs", json=body).status_code == 201
    told = jobserver.told("GET", "/jobs")
    assert (told["found"], [job["_id"] for job in told["jobs"]]) == (3, ids)
    assert told["jobs"][1] == jobserver.told("GET", f"/job/{ids[1]}")
    assert jobserver.told("DELETE", "/jobs") == {"deleted": 3, "total": 3, "acknowledged": True}
    assert jobserver.told("GET", "/jobs")["found"] == 0


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"one", "two", "three"}),
    ({"site": 4}, {"one"}),
    ({"site": "4"}, set()),
    ({"sample": {"depth": 2.5}}, {"one"}),
    ({"sample.depth": {"$gt": 2}}, {"one", "two"}),
    ({"sample.depth": {"$gte": 2.5, "$lt": 7}}, {"one"}),
    ({"sample.depth": {"$lte": 2.5}}, {"one"}),
    ({"site": {"$in": [4, 5]}}, {"one", "two"}),
    ({"site": {"$ne": 4}}, {"two", "three"}),
    ({"site": {"$eq": 5}}, {"two"}),
    ({"site": {"$exists": False}}, {"three"}),
    ({"$or": [{"site": 4}, {"mark": "x"}]}, {"one", "three"}),
    ({"$and": [{"site": {"$exists": True}}, {"sample.depth": {"$gt": 5}}]}, {"two"}),
    ({"_id": "two"}, {"two"}),
    ({"finished": None}, {"two", "three"}),
    ({"finished": {"$gt": "2020-01-01 00:00:00"}}, {"one"}),
    ({"created": {"$lt": "2020-01-01"}}, set()),
    ({"result.args": None, "site": 4}, set()),
    ({"result.type": "NoneType"}, {"one"}),
    ({"result": {"type": "NoneType"}}, {"one"}),
]


def test_jobs_are_found_by_what_their_documents_hold(jobserver: Jobserver) -> None:
    first = {"set": "f", "site": 4, "sample": {"depth": 2.5}, "script_name": "seen"}
    jobserver.told("PUT", "/job/one", first, status=201)
    jobserver.told("PUT", "/job/two", {"set": "f", "site": 5, "sample": {"depth": 7}}, status=201)
    jobserver.told("PUT", "/job/three", {"set": "f", "mark": "x"}, status=201)
    jobserver.told("GET", "/job/one/run", status=202)
    jobserver.ended("one")
    for wanted, ids in FILTERS:
        told = jobserver.told("POST", "/jobs", {"$and": [{"set": "f"}, wanted]})
        assert ({job["_id"] for job in told["jobs"]}, told["found"]) == (ids, len(ids)), wanted


HARMFUL: list[Any] = [
    {"$where": "sleep(10000) || true"},
    {"a": {"$where": "1"}},
    {"$or": [{"$where": "1"}]},
    {"$expr": {"$gt": ["$a", 1]}},
    {"$function": {"body": "x", "args": [], "lang": "js"}},
    {"a": {"$regex": "^(a+)+$"}},
    {"a": {"$not": {"$gt": 1}}},
    {"$or": {"a": 1}},
    {"$and": []},
    {"a": {"$in": 4}},
    {"a": {"$exists": "yes"}},
    {"a": {"$gt": None}},
    {"a'; DROP TABLE jobs; --\"": 1},
    {"a": [1, 2]},
    {"created": {"$gt": "yesterday"}},
    {"user_id": {"$ne": {"$gt": 1}}},
]


def test_filters_that_could_run_code_or_mean_nothing_are_refused(jobserver: Jobserver) -> None:
    for wanted in HARMFUL:
        jobserver.refused("POST", "/jobs", wanted, status=400)


DEEP = '{"a":' * 70 + "1" + "}" * 70
MALFORMED: list[tuple[str, str, str]] = [
    ("PUT", "/job", "{"),
    ("PUT", "/job", "[]"),
    ("PUT", "/job", "7"),
    ("PUT", "/job", '"text"'),
    ("PUT", "/job", "null"),
    ("PUT", "/job", "foo=bar"),
    ("PUT", "/job", "{'foo': 'bar'}"),
    ("PUT", "/job", '{"foo": NaN}'),
    ("PUT", "/job", '{"foo": 1,}'),
    ("PUT", "/job", '{"foo": "\\ud800"}'),
    ("PUT", "/job", '{"foo": "a\\u0000b"}'),
    ("PUT", "/job", '{"a\\u0000": 1}'),
    ("PUT", "/job", DEEP),
    ("PUT", "/job", "[" * 5000),
    ("POST", "/job/bad", "{"),
    ("POST", "/job/bad", "[1]"),
    ("POST", "/jobs", "[]"),
    ("POST", "/jobs", "{"),
    ("PUT", "/data/bad", "{"),
    ("PUT", "/data/bad", "{}"),
    ("PUT", "/data/bad", '{"data": 1, "datatype": "dataframe"}'),
    ("PUT", "/data/bad", '{"data": 1, "datatype": 3}'),
    ("PUT", "/data/bad", '{"data": {"a": [1], "b": [1, 2]}, "datatype": "timeseries"}'),
    ("PUT", "/data/b.d", '{"data": 1}'),
    ("PUT", "/job/b.d", '{"a": 1}'),
]
NOT_TO_RUN: list[dict[str, Any]] = [
    {},
    {"script_name": 7},
    {"script": "summary"},
    {"script": {"type": "shell", "name": "x"}},
    {"script": {"name": 7}},
    {"script": {"name": "seen", "args": "all"}},
    {"script": {"name": "seen", "kwargs": [1]}},
    {"script_name": "seen", "data": "timeseries.csv"},
    {"script_name": "seen", "data": {}},
    {"script_name": "seen", "data": {"type": "result"}},
    {"script_name": "seen", "data": {"type": "result", "job": "x"}},
    {"script_name": "seen", "data": {"type": "file", "name": "a.csv"}},
    {"script_name": "seen", "datafile": 7},
    {"script_name": "seen", "datafile": "../../shoal.db"},
    {"script_name": "seen", "datafile": "../x.csv"},
    {"script_name": "seen", "datafile": "/etc/x.csv"},
    {"script_name": "seen", "data": {"type": "datafile", "path": "/etc/x.csv", "strict": False}},
    {"script_name": "seen", "data": {"type": "datafile", "name": "a\\b.csv"}},
]


def test_malformed_requests_are_refused_with_words(jobserver: Jobserver, server: Served) -> None:
    jobserver.told("PUT", "/job/bad", {"a": 1}, status=201)
    before = jobserver.told("GET", "/jobs")["found"]
    for method, path, body in MALFORMED:
        assert len(jobserver.refused(method, path, body, status=400)) > 20, body
    assert jobserver.told("GET", "/jobs")["found"] == before
    assert jobserver.told("GET", "/data")["found"] == 0
    assert "Traceback" not in server.log()


def test_jobs_that_cannot_be_run_stay_as_they_were(jobserver: Jobserver, server: Served) -> None:
    for body in NOT_TO_RUN:
        told = jobserver.told("PUT", "/job", body, status=201)
        jobserver.refused("GET", f"/job/{told['_id']}/run", status=400)
        assert jobserver.told("GET", f"/job/{told['_id']}") == told
    for body in ({"script_name": "nowhere"}, {"script_name": "seen", "datafile": "nowhere.csv"}):
        told = jobserver.told("PUT", "/job", body, status=201)
        jobserver.refused("PUT", f"/job/{told['_id']}/run", status=404)
        assert jobserver.told("GET", f"/job/{told['_id']}") == told
    assert "Traceback" not in server.log()


FOREIGN = (
    ("-H", "Origin: https://elsewhere.example"),
    ("-H", "Sec-Fetch-Site: cross-site"),
    ("-H", "Origin: null"),
    ("-H", "Host: elsewhere.example"),
    ("-H", "Host: localhost.elsewhere.example:5000"),
)


def test_no_other_page_or_name_starts_a_job(jobserver: Jobserver) -> None:
    told = jobserver.told("PUT", "/job", {"script_name": "seven"}, status=201)
    for header in FOREIGN:
        for method in ("GET", "POST", "PUT"):
            answer = jobserver.send(method, f"/job/{told['_id']}/run", None, *header)
            assert answer.status in (403, 421), (method, header)
            assert json.loads(answer.text)["status"] == answer.status
        assert jobserver.send("PUT", "/job", {"script_name": "seven"}, *header).status in (403, 421)
        assert jobserver.send("DELETE", "/jobs", None, *header).status in (403, 421)
    assert jobserver.told("GET", f"/job/{told['_id']}") == told
    # Following a link from elsewhere shows what is there, and starts nothing.
    linked = jobserver.send("GET", f"/job/{told['_id']}/run", None, "-H", "Sec-Fetch-Site: cross-site")
    assert linked.status == 403


def test_programs_are_told_that_the_server_is_alive_and_browsers_see_a_page(jobserver: Jobserver) -> None:
    for path in ("/", "/info"):
        told = jobserver.told("GET", path)
        assert (told["message"], told["name"]) == ("Shoal is alive.", "Shoal")
        page = jobserver.send("GET", path, None, "-L", "-H", "Accept: text/html,*/*;q=0.8")
        assert page.headers["content-type"].startswith("text/html")


def test_scripts_are_listed_and_described(jobserver: Jobserver) -> None:
    told = jobserver.told("GET", "/scripts")
    names = [script["name"] for script in told["scripts"]]
    assert {"summary", "seen", "failing"} <= set(names)
    assert told["found"] == len(names)
    seen = jobserver.told("GET", "/script/seen")
    assert (seen["name"], seen["parameters"]) == ("seen", ["data", "args", "kwargs"])
    assert seen["docstring"].startswith("Say what came.")
    assert jobserver.told("GET", "/script/summary") in told["scripts"]
    jobserver.refused("GET", "/script/nowhere", status=404)
    jobserver.refused("GET", "/script/..%2Fsecret", status=404)


def test_what_is_not_there_is_told_in_the_same_manner(jobserver: Jobserver) -> None:
    jobserver.refused("GET", "/job", status=405)
    jobserver.refused("PATCH", "/job/x", status=405)
    jobserver.refused("GET", "/job/x/y/z", status=404)
    jobserver.refused("GET", "/data/x/y", status=404)
