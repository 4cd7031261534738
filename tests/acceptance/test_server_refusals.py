"""A real server, asked wrongly: every mistake is a problem in words, none is a 500, and nothing is left."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.asking import add, problem
from tests.support.server import Served, running_server

UPLOAD = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("refusals") / "home"
    with running_server(home, limits={"upload": UPLOAD}) as served:
        yield served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


def test_an_unknown_path_is_a_problem(http: httpx.Client) -> None:
    assert problem(http.get("/nowhere"))["code"] == "not_found"


def test_a_wrong_method_is_told_the_right_ones(http: httpx.Client) -> None:
    answer = http.put("/api/v1/datasets")
    assert problem(answer)["code"] == "method_not_allowed"
    assert answer.headers["allow"] == "GET, POST"
    assert http.patch("/api/v1/studies/x").headers["allow"] == "DELETE, GET"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"a":\xff}', b"\x00", b"[" * 100_000, b'{"dataset": NaN', b"\xef\xbb\xbf{}"],
)
def test_a_body_that_is_not_json_is_refused(http: httpx.Client, body: bytes) -> None:
    answer = http.post("/api/v1/studies", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    problem(answer)


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {"dataset": 1},
        {"dataset": "x" * 10_000},
        {"dataset": None},
        {"dataset": "x", "max_k": 10**30},
        {"dataset": "x", "max_k": True},
        {"dataset": "x", "columns": "x"},
        {"dataset": "x", "columns": [1]},
        {"dataset": "x", "name": "a\x00b"},
        {"dataset": "x", "budget": "soon"},
        {"dataset": "x", "select": "worst"},
        {"dataset": "x", "covariances": []},
        {"dataset": "x", "covariances": ["round"]},
        {"dataset": "x", "seed": -1},
        {"dataset": "x", "\ud800": 1},
        {"dataset": "x", "name": "\ud800"},
        {"dataset": "x", "a/b~c": 1},
    ],
)
def test_a_wish_that_cannot_be_met_is_a_problem(http: httpx.Client, body: Any) -> None:
    sent = json.dumps(body).encode()
    answer = http.post("/api/v1/studies", content=sent, headers={"Content-Type": "application/json"})
    assert problem(answer)["status"] in (404, 422)


def test_everything_wrong_with_a_wish_is_said_at_once(http: httpx.Client) -> None:
    told = problem(http.post("/api/v1/studies", json={"max_k": "x", "a/b": 1, "n_init": 1.5}))
    assert {(error["in"], error["pointer"]) for error in told["errors"]} == {
        ("body", "/dataset"), ("body", "/max_k"), ("body", "/a~1b"), ("body", "/n_init"),
    }  # fmt: skip


def test_a_plan_out_of_range_is_told_field_by_field(http: httpx.Client) -> None:
    wish = {"dataset": add(http), "max_k": 0, "n_init": 5000}
    told = problem(http.post("/api/v1/studies", json=wish))
    assert [error["pointer"] for error in told["errors"]] == ["/max_k", "/n_init"]
    assert "1 to 100" in told["errors"][0]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/jobs/0",
        "/api/v1/jobs/x",
        f"/api/v1/jobs/{2**63}",
        f"/api/v1/jobs/{2**63 - 1}",
        "/api/v1/jobs/-1",
        "/api/v1/jobs?limit=0",
        "/api/v1/jobs?limit=1001",
        "/api/v1/jobs?cursor=zzz",
        "/api/v1/jobs?cursor=W10",
        "/api/v1/jobs?where=%5B1%5D",
        "/api/v1/jobs?where=%7B%22a%22%3A%5B1%5D%7D",
        "/api/v1/jobs?state=odd",
        "/api/v1/jobs/1/log?offset=-1",
        "/api/v1/studies?cursor=%00",
        "/api/v1/studies/%00",
        "/api/v1/studies/%ff",
        "/api/v1/studies/..%2f..%2fetc",
        "/api/v1/datasets/%25",
        "/api/v1/events?after=-1",
        "/api/v1/studies/a/wait",
        "/api/v1/studies/%F0%9F%90%9F",
        "/%zz",
        "/api/v1/datasets?limit=x&cursor=y",
    ],
)
def test_a_wrong_address_is_the_callers_mistake(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code in (400, 404, 422), answer.text
    problem(answer)


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /ping\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"GET /ping HTTP/1.1\r\n\r\n",
        b"GET /p\xffng HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"POST /api/v1/datasets HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /api/v1/datasets HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: odd\r\n\r\n",
        b"GET http://evil.example/ping HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET http://localhost/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_hardly_http_is_answered_with_a_problem(server: Served, request_: bytes) -> None:
    head, _, body = server.raw(request_).partition(b"\r\n\r\n")
    assert head.split()[1][:1] == b"4", head
    assert b"application/problem+json" in head.lower()
    assert json.loads(body)["request_id"].encode() in head


def test_a_broken_chunk_is_the_callers_mistake_and_leaves_nothing(server: Served) -> None:
    start = b"POST /api/v1/datasets HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    head = server.raw(start + b"5\r\na,b\n1\r\nzz\r\n").partition(b"\r\n\r\n")[0]
    assert b" 400 " in head
    assert not spooled(server)


def spooled(server: Served) -> list[Path]:
    return list((server.home / "run" / "spool").iterdir()) if (server.home / "run" / "spool").exists() else []


def test_a_body_over_the_limit_is_refused_so_that_the_sender_reads_why(server: Served) -> None:
    with server.http() as http:
        told = problem(http.post("/api/v1/datasets", content=b"x" * (20 * UPLOAD)))
    assert told["code"] == "too_large"
    assert told["limit"] == UPLOAD
    assert not spooled(server)


def test_a_body_of_unknown_length_is_refused_at_the_limit(http: httpx.Client, server: Served) -> None:
    told = problem(http.post("/api/v1/datasets", content=iter([b"1,2\n" * 100_000] * 30)))
    assert told["code"] == "too_large"
    assert not spooled(server)


def test_json_has_a_limit_too(http: httpx.Client) -> None:
    answer = http.post("/api/v1/studies", content=b'{"dataset": "' + b"x" * (17 << 20) + b'"}')
    assert problem(answer)["status"] == 413


def test_a_sender_who_hangs_up_leaves_nothing(server: Served, http: httpx.Client) -> None:
    before = len(http.get("/api/v1/datasets").json()["datasets"])
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            b"POST /api/v1/datasets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\na,b\n1,2\n"
        )
    assert http.get("/ping").text == "pong"
    assert len(http.get("/api/v1/datasets").json()["datasets"]) == before
    assert not spooled(server)


@pytest.mark.parametrize("rows", ["", "x,y\n", "\x00\x01\x02", "PK\x03\x04nothing"])
def test_a_file_that_is_no_table_is_a_sentence(http: httpx.Client, rows: str) -> None:
    told = problem(http.post("/api/v1/datasets?name=odd.csv", content=rows.encode()))
    assert told["status"] in (415, 422)
    assert "odd.csv" in told["title"]
