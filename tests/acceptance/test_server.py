"""A real server, asked as people and programs ask it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.asking import ROWS, add, ended, problem
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

SMALL = {"max_k": 3, "n_experiments": 2, "n_init": 2}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("server") / "home"
    with running_server(home) as served:
        yield served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


@pytest.fixture(scope="module")
def study(server: Served) -> dict[str, Any]:
    """Run one study to its end."""
    with server.http() as http:
        started = http.post("/api/v1/studies", json={"dataset": add(http), **SMALL})
        assert started.status_code == 201, started.text
        assert started.headers["location"] == f"/api/v1/studies/{started.json()['id']}"
        return ended(http, started.json()["id"])


def test_it_says_that_it_is_there_alive_and_ready(http: httpx.Client) -> None:
    assert http.get("/ping").text == "pong"
    assert http.get("/healthz").json() == {"status": "ok"}

    def ready() -> httpx.Response:
        return http.get("/readyz")

    wait_until(lambda: ready().status_code == 200, timeout=240, on_timeout=lambda: ready().text)
    parts = ("database", "storage", "workers", "live", "infra")
    assert http.get("/readyz").json()["checks"] == dict.fromkeys(parts, "ok")


def test_metrics_count_requests_by_route_and_jobs_by_state(http: httpx.Client) -> None:
    http.get("/api/v1/studies/none-such")
    text = http.get("/metrics").text
    assert 'route="/api/v1/studies/{study}",status="404"' in text
    assert 'shoal_jobs{state="queued"}' in text


def test_head_is_get_without_the_body(http: httpx.Client) -> None:
    answer = http.head("/ping")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "4")
    assert http.head("/api/v1/events").status_code == 200


def test_a_dataset_is_kept_shown_and_deleted(http: httpx.Client) -> None:
    made = http.post("/api/v1/datasets?name=one.csv&delimiter=;", content=b"a;b\n1;2\n3;5\n")
    assert made.status_code == 201
    dataset = made.json()
    assert [column["name"] for column in dataset["columns"]] == ["a", "b"]
    assert http.get(made.headers["location"]).json() == dataset
    again = http.post("/api/v1/datasets?name=one.csv&delimiter=;", content=b"a;b\n1;2\n3;5\n")
    assert (again.status_code, again.json()["id"]) == (200, dataset["id"])
    assert http.delete(f"/api/v1/datasets/{dataset['id']}").status_code == 204
    assert problem(http.get(f"/api/v1/datasets/{dataset['id']}"))["status"] == 404
    assert problem(http.delete(f"/api/v1/datasets/{dataset['id']}"))["status"] == 404


def test_lists_are_read_part_by_part_without_gap_or_repetition(http: httpx.Client) -> None:
    for number in range(5):
        add(http, ROWS + f"{number},{number}\n", f"part{number}.csv")
    whole = [item["id"] for item in http.get("/api/v1/datasets").json()["datasets"]]
    seen: list[str] = []
    cursor: str | None = None
    while cursor or not seen:
        part = http.get(
            "/api/v1/datasets", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        ).json()
        seen += [item["id"] for item in part["datasets"]]
        cursor = part["next"]
    assert seen == whole
    assert len(seen) >= 5


def test_a_study_finds_the_groups(study: dict[str, Any]) -> None:
    assert study["state"] == "succeeded"
    assert study["summary"]["best"]["k"] == 2
    assert sorted(study["summary"]["best"]["sizes"]) == [30, 30]
    assert study["progress"] == {"total": 36, "done": 36, "failed": 0}
    assert study["answer"].startswith("Your data falls into 2 groups")


def test_a_studys_files_are_there(http: httpx.Client, study: dict[str, Any]) -> None:
    base = f"/api/v1/studies/{study['id']}"
    assert [fit["fit"] for fit in http.get(f"{base}/fits").json()["fits"]] == list(range(36))
    labels = http.get(f"{base}/labels.csv")
    assert labels.headers["content-type"] == "text/csv; charset=utf-8"
    lines = labels.text.splitlines()
    assert lines[0] == "x,y,Label"
    assert [line.rpartition(",")[0] for line in lines[1:]] == ROWS.splitlines()[1:]
    assert {line.rpartition(",")[2] for line in lines[1:]} == {"1", "2"}
    report = http.get(f"{base}/report.html")
    assert "sandbox" in report.headers["content-security-policy"]
    assert "2 groups" in report.text
    assert http.get(f"{base}/study.json").json()["summary"] == study["summary"]


def test_studies_are_listed_without_their_summaries(http: httpx.Client, study: dict[str, Any]) -> None:
    listed = http.get("/api/v1/studies").json()["studies"]
    mine = next(item for item in listed if item["id"] == study["id"])
    assert mine["best"]["k"] == 2
    assert "summary" not in mine


def test_a_study_is_run_again_extended_and_deleted(http: httpx.Client) -> None:
    wish = {"dataset": add(http), **SMALL, "covariances": ["full-tied"]}
    base = f"/api/v1/studies/{http.post('/api/v1/studies', json=wish).json()['id']}"
    first = ended(http, base.rpartition("/")[2])
    assert problem(http.post(f"{base}/rerun"))["status"] == 422
    assert problem(http.post(f"{base}/rerun", json={"fits": [99]}))["status"] == 422
    assert http.post(f"{base}/rerun", json={"fits": [0, 1]}).json()["generation"] == 2
    again = ended(http, base.rpartition("/")[2])
    assert again["summary"]["best"] == first["summary"]["best"]
    assert http.post(f"{base}/extend", json={"max_k": 4}).json()["progress"]["total"] == 2
    assert ended(http, base.rpartition("/")[2])["summary"]["fits"] == 8
    assert http.delete(base).status_code == 204
    assert problem(http.get(base))["status"] == 404


def test_a_study_is_cancelled_once(http: httpx.Client) -> None:
    wish = {"dataset": add(http), "n_experiments": 100, "max_k": 10, "n_init": 100}
    base = f"/api/v1/studies/{http.post('/api/v1/studies', json=wish).json()['id']}"
    assert problem(http.delete(base))["status"] == 409
    assert problem(http.get(f"{base}/labels.csv"))["status"] == 409
    assert problem(http.get(f"{base}/report.html"))["status"] == 409
    assert http.post(f"{base}/cancel").json()["state"] == "cancelled"
    assert problem(http.post(f"{base}/cancel"))["status"] == 409


def test_a_study_over_a_dataset_that_is_not_there_is_refused(http: httpx.Client) -> None:
    assert problem(http.post("/api/v1/studies", json={"dataset": "none"}))["status"] == 404


def test_jobs_are_found_explained_and_logged(http: httpx.Client, study: dict[str, Any]) -> None:
    found = http.get("/api/v1/jobs", params={"kind": "study.fits", "state": "succeeded"}).json()["jobs"]
    assert {job["kind"] for job in found} == {"study.fits"}
    one = found[0]
    base = f"/api/v1/jobs/{one['id']}"
    assert http.get(base, params={"wait": 30}).json()["result"] == one["result"]
    attempts = http.get(f"{base}/attempts").json()["attempts"]
    assert [attempt["state"] for attempt in attempts] == ["succeeded"]
    assert http.get(f"{base}/explain").json()["sentences"]
    log = http.get(f"{base}/log")
    assert (log.status_code, log.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert problem(http.get(f"{base}/log?attempt=99"))["status"] == 404
    assert problem(http.get("/api/v1/jobs/999999"))["status"] == 404
    assert http.get("/api/v1/jobs", params={"where": '{"no": {"such": 1}}'}).json()["jobs"] == []


def frames(server: Served, count: int, **options: Any) -> list[tuple[int, str, dict[str, Any]]]:
    """Read the first events of a stream."""
    found: list[tuple[int, str, dict[str, Any]]] = []
    fields: dict[str, str] = {}
    with server.http() as http, http.stream("GET", "/api/v1/events", **options) as stream:
        for line in stream.iter_lines():
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
                fields = {}
                if len(found) == count:
                    return found
    return found


def test_events_are_resumed_without_loss_or_repetition(server: Served, study: dict[str, Any]) -> None:
    everything = frames(server, 10, params={"after": 0})
    numbers = [number for number, _, _ in everything]
    assert numbers == sorted(set(numbers))
    rest = frames(server, 6, headers={"Last-Event-ID": str(numbers[3])})
    assert rest == everything[4:]
    mine = frames(server, 2, params={"after": 0, "topic": "studies", "subject": study["id"]})
    assert mine[0][1] == "started"
    assert all(data["subject"] == study["id"] for _, _, data in mine)


def test_an_open_stream_hears_what_happens_next(server: Served) -> None:
    with server.http() as http, http.stream("GET", "/api/v1/events", params={"topic": "studies"}) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(": after ")
        with server.http() as other:
            started = other.post("/api/v1/studies", json={"dataset": add(other), **SMALL}).json()["id"]
        heard = next(line for line in lines if line.startswith("data: "))
    assert json.loads(heard.removeprefix("data: "))["subject"] == started


def test_many_who_wait_keep_nobody_else_waiting(server: Served, http: httpx.Client) -> None:
    wish = {"dataset": add(http), "n_experiments": 100, "max_k": 10, "n_init": 100}
    study = http.post("/api/v1/studies", json=wish).json()["id"]
    answers: list[int] = []

    def wait() -> None:
        with server.http() as own:
            latest = 2**63 - 1
            got = own.get(f"/api/v1/studies/{study}", params={"wait": 3, "after": latest})
            answers.append(got.status_code)

    waiting = [threading.Thread(target=wait) for _ in range(40)]
    for thread in waiting:
        thread.start()
    for _ in range(20):
        assert http.get("/ping", timeout=2).text == "pong"
        assert http.get("/api/v1/studies", timeout=2).status_code == 200
    for thread in waiting:
        thread.join()
    assert answers == [200] * 40
    http.post(f"/api/v1/studies/{study}/cancel")


def test_the_description_names_every_operation_and_its_errors(http: httpx.Client) -> None:
    described = http.get("/api/v1/openapi.json").json()
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) >= 24
    for operation in operations:
        refusal = operation["responses"]["4XX"]["content"]["application/problem+json"]["schema"]
        assert refusal == {"$ref": "#/components/schemas/Problem"}
        assert "422" not in operation["responses"]
        assert operation["summary"]
        assert operation["description"]
    assert "HTTPValidationError" not in described["components"]["schemas"]
    text = json.dumps(described)
    for reference in {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in described["components"]["schemas"]


def test_the_server_process_imports_nothing_heavy_and_ends_well(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as served:
        with served.http() as http:
            started = http.post("/api/v1/studies", json={"dataset": add(http), **SMALL}).json()["id"]
            ended(http, started)
            for part in ("fits", "labels.csv", "report.html", "study.json"):
                assert http.get(f"/api/v1/studies/{started}/{part}").status_code == 200
            assert http.get("/metrics").status_code == 200
        assert served.stop() == 0
        assert served.log().splitlines()[-1] == "heavy modules: []"
