"""Live tasks over REST: made, fed, followed, ended; what cannot be used is refused and nothing is done."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import orjson
import pyarrow as pa
import pytest

from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

LIVE = "/api/v1/live"
ARROW = "application/vnd.apache.arrow.stream"
BLOBS = [[x + dx / 10, y + dx / 7] for x, y in ((0, 0), (5, 5), (9, 0)) for dx in range(12)]
WAITING = 5000
Make = Callable[..., str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    limits = {"upload": 1 << 20}
    home, live = tmp_path_factory.mktemp("live") / "home", {"waiting_rows": WAITING}
    with running_server(home, limits=limits, live=live) as served:
        yield served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as opened:
        yield opened


@pytest.fixture
def make(http: httpx.Client) -> Make:
    def made(then: str | None = None, name: str = "", **algorithm: Any) -> str:
        pace = algorithm.pop("pace", {"iter": 20})
        wish = {"name": name, "algorithm": {"name": "kmeans", "k": 3} | algorithm, "pace": pace}
        answer = http.post(LIVE, json=wish, params={"then": then} if then else {})
        assert answer.status_code == 201, answer.text
        assert answer.headers["Location"] == f"{LIVE}/{answer.json()['id']}"
        return str(answer.json()["id"])

    return made


def facts(http: httpx.Client, task: str, **params: Any) -> dict[str, Any]:
    answer = http.get(f"{LIVE}/{task}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rested(http: httpx.Client, task: str) -> dict[str, Any]:
    """Wait until a task's run is over; the first of a process compiles what it needs."""
    return wait_until(lambda: _ended(facts(http, task, wait=20)), timeout=180)


def _ended(task: dict[str, Any]) -> dict[str, Any]:
    return task if task["state"] in ("ready", "finished", "failed") and task["summary"] else {}


def code(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["code"])


def arrow(table: Any) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def test_a_task_is_made_fed_played_read_and_deleted(http: httpx.Client, make: Make) -> None:
    task = make(name="birds")
    assert facts(http, task)["state"] == "created"
    assert http.post(f"{LIVE}/{task}/rows", json=BLOBS).json() == {"first": 0, "rows": 36, "duplicate": False}
    assert http.post(f"{LIVE}/{task}/play").json()["state"] in ("initializing", "running")
    ended = rested(http, task)
    assert (ended["state"], ended["iterations"], ended["clusters"], ended["pushed"]) == ("ready", 20, 3, 36)
    centers = http.get(f"{LIVE}/{task}/centers").json()
    assert sorted(one["rows"] for one in centers["clusters"]) == [12, 12, 12]
    near = [[0, 0], [5, 5], [9, 0]]
    ids = {one["id"] for one in centers["clusters"]}
    told = http.post(f"{LIVE}/{task}/predict", json=near).json()
    assert set(told["labels"]) == ids
    assert all(0 <= distance < 2 for distance in told["distances"])
    soft = http.post(f"{LIVE}/{task}/predict", params={"soft": True}, json=near).json()
    assert [soft["ids"][int(np.argmax(shares))] for shares in soft["shares"]] == told["labels"]
    labels = http.get(f"{LIVE}/{task}/labels").json()
    assert labels["rows"] == list(range(36))
    assert len({tuple(labels["labels"][at : at + 12]) for at in (0, 12, 24)}) == 3
    assert http.get(f"{LIVE}/{task}/history", params={"metrics": "inertia"}).json()["history"]
    events = http.get(f"{LIVE}/{task}/events").json()["events"]
    assert [one["kind"] for one in events] == ["birth"] * 3
    first = http.get(f"{LIVE}/{task}/events", params={"limit": 1}).json()
    rest = http.get(f"{LIVE}/{task}/events", params={"cursor": first["next"]}).json()
    assert first["events"] + rest["events"] == events
    assert http.post(f"{LIVE}/{task}/stop").json()["state"] == "finished"
    assert http.delete(f"{LIVE}/{task}").status_code == 204
    assert code(http.get(f"{LIVE}/{task}"), 404) == "not_found"


def test_the_same_rows_in_every_kind_of_body(http: httpx.Client, make: Make) -> None:
    task = make()
    x, y = zip(*BLOBS, strict=True)
    bodies = [
        (orjson.dumps(BLOBS), "application/json"),
        (b"\n".join(map(orjson.dumps, BLOBS)), "application/x-ndjson"),
        (b"x,y\n" + b"\n".join(b"%r,%r" % (a, b) for a, b in BLOBS), "text/csv"),
        (arrow(pa.table({"x": x, "y": y})), ARROW),
    ]
    for number, (body, kind) in enumerate(bodies):
        answer = http.post(f"{LIVE}/{task}/rows", content=body, headers={"Content-Type": kind})
        assert answer.json() == {"first": 36 * number, "rows": 36, "duplicate": False}, answer.text
    assert facts(http, task)["rows"] == 36 * len(bodies)


def test_a_key_makes_a_repeat_harmless(http: httpx.Client, make: Make) -> None:
    task, headers = make(), {"Idempotency-Key": "first"}
    once = http.post(f"{LIVE}/{task}/rows", json=BLOBS, headers=headers).json()
    again = http.post(f"{LIVE}/{task}/rows", json=BLOBS, headers=headers).json()
    assert again == once | {"duplicate": True}
    assert facts(http, task)["rows"] == 36
    made = [http.post(LIVE, json={}, headers={"Idempotency-Key": "one"}).json()["id"] for _ in range(2)]
    assert made[0] == made[1]


def test_points_come_as_numbers_and_only_what_is_new(http: httpx.Client, make: Make) -> None:
    task = make("play")
    http.post(f"{LIVE}/{task}/rows", json=BLOBS)
    rested(http, task)
    content = http.get(f"{LIVE}/{task}/points").content
    n, dim = np.frombuffer(content, "<u4", 2)
    first, after = np.frombuffer(content, "<u8", 2, 8)
    assert (n, dim, first, after) == (36, 2, 0, 36)
    rows = np.frombuffer(content, "<f4", n * dim, 24).reshape(n, dim)
    np.testing.assert_allclose(rows, BLOBS, rtol=1e-6)
    labels = np.frombuffer(content, "<i4", n, 24 + rows.nbytes)
    assert labels.tolist() == http.get(f"{LIVE}/{task}/labels").json()["labels"]
    later = http.get(f"{LIVE}/{task}/points", params={"since": 30}).content
    assert np.frombuffer(later, "<u4", 1)[0] == 6


def test_labels_are_a_file_too(http: httpx.Client, make: Make) -> None:
    task = make("play")
    http.post(f"{LIVE}/{task}/rows", json=BLOBS)
    rested(http, task)
    told = http.get(f"{LIVE}/{task}/labels").json()
    csv = http.get(f"{LIVE}/{task}/labels", params={"format": "csv"})
    assert csv.headers["content-disposition"].endswith('-labels.csv"')
    assert csv.text.splitlines()[:2] == ['"row","label"', f"0,{told['labels'][0]}"]
    stream = http.get(f"{LIVE}/{task}/labels", params={"format": "arrow"}).content
    with pa.ipc.open_stream(stream) as reader:
        assert reader.read_all().to_pydict() == {"row": told["rows"], "label": told["labels"]}


def test_what_is_asked_for_is_changed_field_by_field(http: httpx.Client, make: Make) -> None:
    task = make(frame_size=50)
    change = {"algorithm": {"k": 2}, "pace": {"iter": 30}, "name": "new"}
    changed = http.patch(f"{LIVE}/{task}", json=change).json()["wish"]
    assert (changed["algorithm"]["k"], changed["algorithm"]["frame_size"]) == (2, 50)
    assert (changed["pace"]["iter"], changed["name"]) == (30, "new")
    back = http.patch(f"{LIVE}/{task}", json={"algorithm": {"k": None}}).json()["wish"]
    assert (back["algorithm"]["k"], back["algorithm"]["frame_size"]) == (None, 50)


def test_a_copy_goes_its_own_way(http: httpx.Client, make: Make) -> None:
    task = make(name="one")
    http.post(f"{LIVE}/{task}/rows", json=BLOBS)
    copied = http.post(f"{LIVE}/{task}/copy", json={"name": "two"})
    assert (copied.status_code, copied.json()["name"], copied.json()["rows"]) == (201, "two", 36)
    http.post(f"{LIVE}/{copied.json()['id']}/rows", json=BLOBS)
    assert facts(http, task)["rows"] == 36


def test_an_export_becomes_a_task_again(http: httpx.Client, make: Make) -> None:
    task = make("play")
    http.post(f"{LIVE}/{task}/rows", json=BLOBS)
    rested(http, task)
    exported = http.get(f"{LIVE}/{task}/export").content
    with np.load(io.BytesIO(exported), allow_pickle=False) as arrays:
        assert arrays.files
    brought = http.post(f"{LIVE}/import", params={"name": "brought"}, content=exported)
    assert brought.status_code == 201, brought.text
    assert (brought.json()["name"], brought.json()["state"]) == ("brought", "ready")
    here, there = (
        http.post(f"{LIVE}/{each}/predict", json=BLOBS).json()["distances"]
        for each in (task, brought.json()["id"])
    )
    np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-9)
    assert code(http.post(f"{LIVE}/import", content=exported[:-50]), 422)


def test_a_batch_is_one_call(http: httpx.Client, make: Make) -> None:
    task = make()
    done = http.post(f"{LIVE}/{task}/batch", json=BLOBS, timeout=180).json()
    assert (done["state"], done["clusters"], done["iterations"]) == ("finished", 3, 20)
    endless = make(pace={})
    assert code(http.post(f"{LIVE}/{endless}/batch", json=BLOBS), 409) == "never_finish"
    assert (facts(http, endless)["state"], facts(http, endless)["rows"]) == ("created", 0)


def test_lists_are_searched_and_read_in_parts(http: httpx.Client, make: Make) -> None:
    ids = [make(name=f"heron {n}") for n in range(3)]
    found = http.get(LIVE, params={"q": "heron", "limit": 2}).json()
    rest = http.get(LIVE, params={"q": "heron", "limit": 2, "cursor": found["next"]}).json()
    assert [one["id"] for one in found["tasks"] + rest["tasks"]] == ids[::-1]
    assert rest["next"] is None
    assert facts(http, "last")["id"] == ids[-1]


def test_who_sends_faster_than_is_read_is_told_when_to_try_again(http: httpx.Client, make: Make) -> None:
    task = make("play", pace={"data_freq": 1})
    wait_until(lambda: facts(http, task)["state"] == "running")
    rows = [[1, 2]] * 2 * WAITING
    assert http.post(f"{LIVE}/{task}/rows", json=rows).status_code == 200
    refused = http.post(f"{LIVE}/{task}/rows", json=[[3, 4]], headers={"Idempotency-Key": "a"})
    assert code(refused, 429) == "live_rows_waiting"
    assert int(refused.headers["Retry-After"]) >= 1
    assert http.patch(f"{LIVE}/{task}", json={"pace": {"data_freq": 0}}).status_code == 200
    again: dict[str, Any] = {"json": [[3, 4]], "headers": {"Idempotency-Key": "a"}}
    wait_until(lambda: http.post(f"{LIVE}/{task}/rows", **again).status_code == 200, timeout=60)
    assert http.post(f"{LIVE}/{task}/rows", **again).json()["duplicate"] is True
    assert facts(http, task)["rows"] == len(rows) + 1


def test_what_a_state_does_not_allow_is_said_by_its_code(http: httpx.Client, make: Make) -> None:
    task = make(pace={})
    for verb, word in (("pause", "not_running"), ("stop", "not_alive")):
        assert code(http.post(f"{LIVE}/{task}/{verb}"), 409) == word
    http.post(f"{LIVE}/{task}/rows", json=BLOBS)
    http.post(f"{LIVE}/{task}/play")
    wait_until(lambda: facts(http, task)["state"] == "running", timeout=180)
    assert code(http.post(f"{LIVE}/{task}/play"), 409) == "running"
    assert code(http.post(f"{LIVE}/{task}/init"), 409) == "already_created"
    assert code(http.get(f"{LIVE}/{task}", params={"wait": 1}), 409) == "never_finish"
    assert http.post(f"{LIVE}/{task}/pause").json()["state"] == "idle"
    assert code(http.get(f"{LIVE}/{task}", params={"wait": 1}), 409) == "idle"
    assert http.post(f"{LIVE}/{task}/stop").json()["state"] == "finished"


def test_waiting_ends_with_the_time(http: httpx.Client, make: Make) -> None:
    task = make("play", pace={"iter": 1, "iter_per_data": 1})
    assert facts(http, task, wait=0.2)["state"] in ("initializing", "running")


BAD_WISHES = [
    ({"algorithm": {"name": "magic"}}, "/algorithm/name"),
    ({"algorithm": {"k": -1}}, "/algorithm/k"),
    ({"algorithm": {"colour": 1}}, "/algorithm/colour"),
    ({"algorithm": {"init_k": 9, "max_k": 3}}, "/algorithm"),
    ({"algorithm": {"space": "flat"}}, "/algorithm/space"),
    ({"pace": {"iter": -1}}, "/pace/iter"),
    ({"pace": {"iter_freq": -0.5}}, "/pace/iter_freq"),
    ({"columns": ["a", "a"]}, "/columns"),
    ({"shards": 0}, "/shards"),
    ({"what": 1}, "/what"),
]


@pytest.mark.parametrize(("wish", "pointer"), BAD_WISHES)
def test_a_wish_that_cannot_be_is_refused_at_its_place(
    http: httpx.Client, wish: dict[str, Any], pointer: str
) -> None:
    before = http.get(LIVE, params={"limit": 1}).json()["tasks"][:1]
    refused = http.post(LIVE, json=wish)
    assert code(refused, 422) == "invalid_input"
    assert pointer in [one["pointer"] for one in refused.json()["errors"]]
    assert http.get(LIVE, params={"limit": 1}).json()["tasks"][:1] == before


def test_a_change_that_cannot_be_leaves_everything(http: httpx.Client, make: Make) -> None:
    task = make(max_k=5)
    wish = facts(http, task)["wish"]
    for change in ({"algorithm": {"k": 6}}, {"pace": {"timeout": -1}}, {"what": 1}):
        assert code(http.patch(f"{LIVE}/{task}", json=change), 422) == "invalid_input"
    assert facts(http, task)["wish"] == wish


BAD_ROWS = [
    (b"[[1, NaN]]", "application/json", "not_json"),
    (b"[[1, 1e400]]", "application/json", "not_json"),
    (b"", "application/json", "not_json"),
    (b"[]", "application/json", "invalid_input"),
    (b"[[]]", "application/json", "invalid_input"),
    (b"[[1, 2], [3]]", "application/json", "invalid_input"),
    (b"[[1, 2, 3]]", "application/json", "invalid_input"),
    (b"[[1, null]]", "application/json", "invalid_input"),
    (b'[["1", "2"]]', "application/json", "invalid_input"),
    (b'"rows"', "application/json", "invalid_input"),
    (b"[[true, false]]", "application/json", "invalid_input"),
    (b"[" * 900 + b"]" * 900, "application/json", "invalid_input"),
    (b"[" * 100_000, "application/json", "not_json"),
    (b"1,red\n", "text/csv", "invalid_input"),
    (b"1,\n", "text/csv", "invalid_input"),
    (b"1,nan\n", "text/csv", "invalid_input"),
    (b"[1, 2]\n[3", "application/x-ndjson", "not_json"),
    (b"ARROW1 and no more", ARROW, "invalid_input"),
    (arrow(pa.table({"x": [1.0], "y": [np.inf]})), ARROW, "invalid_input"),
    (b"[[1, 2]]", "text/html", "unsupported_media"),
    (b" " * ((1 << 20) + 1), "application/json", "too_large"),
]


@pytest.mark.parametrize(("body", "kind", "word"), BAD_ROWS, ids=lambda value: str(value)[:30])
def test_rows_that_cannot_be_used_are_refused_and_none_is_taken(
    http: httpx.Client, make: Make, body: bytes, kind: str, word: str
) -> None:
    task = make()
    http.post(f"{LIVE}/{task}/rows", json=[[1, 2]])
    for verb in ("rows", "predict"):
        refused = http.post(f"{LIVE}/{task}/{verb}", content=body, headers={"Content-Type": kind})
        assert refused.status_code in (400, 413, 415, 422)
        assert code(refused, refused.status_code) == word, refused.text
    assert facts(http, task)["rows"] == 1


def test_a_zero_vector_has_no_direction(http: httpx.Client, make: Make) -> None:
    task = make(space="cosinus")
    refused = http.post(f"{LIVE}/{task}/rows", json=[[1, 2], [0, 0]])
    assert code(refused, 422) == "invalid_input"
    assert refused.json()["row"] == 1
    assert facts(http, task)["rows"] == 0


def test_a_body_of_a_gigabyte_is_refused_without_being_read(server: Served, make: Make) -> None:
    head = f"POST {LIVE}/{make()}/rows HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {1 << 30}\r\n"
    answer = server.raw(f"{head}Content-Type: application/json\r\nConnection: close\r\n\r\n".encode())
    assert b" 413 " in answer.partition(b"\r\n")[0]
    assert b'"code":"too_large"' in answer


def test_the_stream_tells_what_is_new_until_the_task_is_deleted(http: httpx.Client, make: Make) -> None:
    task = make("play")
    told: list[dict[str, Any]] = []
    ended = threading.Event()

    def read() -> None:
        with http.stream("GET", f"{LIVE}/{task}/stream", timeout=60) as response:
            for line in response.iter_lines():
                if line.startswith("data: "):
                    told.append(orjson.loads(line.removeprefix("data: ")))
                if line == "event: end":
                    break
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    wait_until(lambda: told, timeout=60)
    assert told[0]["task"]["id"] == task
    http.post(f"{LIVE}/{task}/rows", json=BLOBS)
    wait_until(lambda: any(one["task"]["clusters"] == 3 for one in told if "task" in one), timeout=180)
    wait_until(lambda: any(one["event"] for one in told if "task" in one))
    assert any(len(one["summary"]["clusters"]) == 3 for one in told if one.get("summary"))
    http.delete(f"{LIVE}/{task}")
    assert ended.wait(30)
    thread.join()


def test_events_are_in_the_stream_of_all(http: httpx.Client, make: Make) -> None:
    task = make("play")
    http.post(f"{LIVE}/{task}/rows", json=BLOBS)
    rested(http, task)
    with http.stream("GET", "/api/v1/events", params={"topic": "live", "subject": task, "after": 0}) as told:
        kinds: list[str] = []
        for line in told.iter_lines():
            kinds += [line.removeprefix("event: ")] if line.startswith("event: ") else []
            if "birth" in kinds:
                break
    assert kinds
