"""Bad input in GraphQL: a structured error with a stable code, and the task unharmed."""

from __future__ import annotations

import socket as sockets
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.support.graphql import PATH, ROWS, Asker
from tests.support.server import Served, running_server

CREATE = "mutation ($task: TaskInput!) { create(task: $task) { id } }"
PUSH = "mutation ($id: String!, $data: [Elemt!]!) { push(id: $id, data: $data) { rows } }"
PUSH_DATA = (
    "mutation ($id: String!, $frame: DataframeInput!) { pushData(id: $id, dataframe: $frame) { rows } }"
)
FRAME = {"columns": ["x", "y"], "chunks": [{"data": ROWS}]}
DEEP: list[Any] = []
for _ in range(900):
    DEEP = [DEEP]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("refusals") / "home") as served:
        yield served


@pytest.fixture
def ask(server: Served) -> Iterator[Asker]:
    with server.http() as http:
        yield Asker(http)


@pytest.fixture(scope="module")
def task(server: Served) -> Iterator[str]:
    """Return a task with rows in it, and look at the end that no test harmed it."""
    with server.http() as http:
        ask = Asker(http)
        id_ = str(
            ask.data(CREATE, task={"algorithm": {"name": "kmeans"}, "dataset": {"dataframe": FRAME}})[
                "create"
            ]["id"]
        )
        yield id_
        assert ask.task(id_, "status error rows") == {"status": "Created", "error": None, "rows": len(ROWS)}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([[1, 2], [3]], "Row 2 has 1 numbers"),
        ([[1, 2, 3]], "Row 1 has 3 numbers"),
        ([1, 2, 3], "A flat list is one row and has 2 numbers"),
        ([], "no rows"),
        ([[]], "A row has 1 to"),
        ([["1", 2]], "Row 1 holds '1'"),
        (["a", "b"], "Row 1 is 'a'"),
        ([[None, 2]], "Row 1 holds 'None'"),
        ([[1, 2], {"x": 1}], "Row 2"),
        ([[[1, 2]]], "nested deeper"),
        (DEEP, "Row 1 holds"),
    ],
)
def test_rows_that_cannot_be_are_named_and_none_is_taken(ask: Asker, task: str, data: Any, told: str) -> None:
    for error in (
        ask.error(PUSH, id=task, data=data),
        ask.error(PUSH_DATA, id=task, frame={"chunks": [{"data": data}]}),
    ):
        assert error["extensions"]["code"] == "INVALID_INPUT"
        assert told in error["message"] or "no rows" in error["message"]


@pytest.mark.parametrize("number", ["1e400", "-1e999", "NaN", "Infinity", "1" * 400])
def test_a_number_that_json_cannot_carry_is_no_json(ask: Asker, task: str, number: str) -> None:
    body = orjson.dumps({"query": PUSH, "variables": {"id": task, "data": [[1, 0.125]]}})
    reply = ask.http.post(PATH, content=body.replace(b"0.125", number.encode()))
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["extensions"]["code"] == "NOT_JSON"


@pytest.mark.parametrize("number", ["1e400", "-1e999", "1" * 400])
def test_a_number_beyond_all_is_refused_in_the_text_too(ask: Asker, task: str, number: str) -> None:
    query = f"mutation ($id: String!) {{ push(id: $id, data: [[1, {number}]]) {{ rows }} }}"
    assert ask.code(query, id=task) == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("algorithm", "pointer"),
    [
        ({"name": "graph"}, "/algorithm/name"),
        ({"space": "moon"}, "/algorithm/space"),
        ({"innerSpace": "moon"}, "/algorithm/innerSpace"),
        ({"init": "best"}, "/algorithm/init"),
        ({"scale": "most"}, "/algorithm/scale"),
        ({"k": 0}, "/algorithm/k"),
        ({"k": 5, "maxK": 3}, "/algorithm"),
        ({"kInit": 5, "maxK": 3}, "/algorithm"),
        ({"k": 10**9}, "/algorithm/k"),
        ({"frameSize": -1}, "/algorithm/frameSize"),
        ({"window": -1}, "/algorithm/window"),
        ({"iter": -1}, "/algorithm/iter"),
        ({"iterPerData": -1}, "/algorithm/iterPerData"),
        ({"dataPerIter": -1}, "/algorithm/dataPerIter"),
        ({"iterFreq": -1}, "/algorithm/iterFreq"),
        ({"dataFreq": -1}, "/algorithm/dataFreq"),
        ({"timeout": -1}, "/algorithm/timeout"),
        ({"numCPU": -1}, "/algorithm/numCPU"),
        ({"amp": -1}, "/algorithm/amp"),
        ({"halfLife": 0}, "/algorithm/halfLife"),
    ],
)
def test_settings_that_cannot_be_are_named_by_their_place(
    ask: Asker, task: str, algorithm: dict[str, Any], pointer: str
) -> None:
    error = ask.error(CREATE, task={"algorithm": algorithm})
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert [each["pointer"] for each in error["extensions"]["errors"]] == [pointer]
    change = "mutation ($task: TaskInput!) { reconfigure(task: $task) { id } }"
    assert ask.code(change, task={"id": task, "algorithm": algorithm}) == "INVALID_INPUT"


@pytest.mark.parametrize(
    "wanted",
    [
        {"algorithm": {"iter": 1.5}},
        {"algorithm": {"iter": "many"}},
        {"algorithm": {"iter": 10**30}},
        {"algorithm": {"parallel": 2}},
        {"algorithm": {"parallel": "yes"}},
        {"algorithm": {"speed": 1}},
        {"algorithm": []},
        {"name": 3},
        {"dataset": {"dataframe": {"chunks": [{"rows": []}]}}},
        None,
    ],
)
def test_values_of_another_type_are_bad_input(ask: Asker, wanted: Any) -> None:
    assert ask.code(CREATE, task=wanted) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"variables": ["x", "x"], "dataset": {"dataframe": FRAME}}, "twice"),
        ({"variables": ["z"], "dataset": {"dataframe": FRAME}}, "z"),
        (
            {"dataset": {"dataframe": {"columns": ["x"], "chunks": [{"data": [[1, 2]]}]}}},
            "Row 1 has 2 numbers",
        ),
        ({"name": "n\u0000ame"}, "/name"),
        ({"name": "n" * 300}, "/name"),
    ],
)
def test_a_task_that_cannot_be_is_not_made(ask: Asker, wanted: dict[str, Any], told: str) -> None:
    before = ask.data("{ tasks { id } }")
    error = ask.error(CREATE, task=wanted)
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert told in error["message"]
    assert ask.data("{ tasks { id } }") == before


def test_a_row_without_a_direction_is_refused_where_angles_count(ask: Asker) -> None:
    frame = {"columns": ["x", "y"], "chunks": [{"data": [[1, 2], [0, 0]]}]}
    error = ask.error(CREATE, task={"algorithm": {"space": "cosinus"}, "dataset": {"dataframe": frame}})
    assert (error["extensions"]["code"], error["extensions"]["row"]) == ("INVALID_INPUT", 1)


def test_no_name_of_a_task_is_a_path_or_a_pattern(ask: Asker) -> None:
    for id_ in ("nothing", "", "../../etc/passwd", "%", "a" * 10_000, "\u0000"):
        assert ask.code("query ($id: String!) { task(id: $id) { id } }", id=id_) == "NOT_FOUND"


def test_a_huge_body_is_refused_before_it_is_read(server: Served, ask: Asker) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1 << 30}\r\n\r\n"
    with sockets.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.encode() + b" " * 65_536)
        answer = b""
        while b"TOO_LARGE" not in answer and (more := connection.recv(65_536)):
            answer += more
    assert b" 413 " in answer.splitlines()[0]
    assert b'"code":"TOO_LARGE"' in answer
    assert ask.data("{ __typename }") == {"__typename": "Query"}


def test_introspection_is_answered_but_not_in_circles(ask: Asker) -> None:
    assert ask.data("{ __schema { queryType { name } } }")["__schema"]["queryType"]["name"] == "Query"
    circle = "fields { type { " * 5 + "name" + " } }" * 5
    assert ask.code(f"{{ __schema {{ types {{ {circle} }} }} }}") == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"3", b"[]", b'"x"', b"{}", b'{"query": 3}', b"\xff\xfe", b'{"query": " "}']
)
def test_a_body_without_a_query_is_told_so(ask: Asker, body: bytes) -> None:
    reply = ask.http.post(PATH, content=body)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["extensions"]["code"] in ("INVALID_QUERY", "NOT_JSON")


def test_other_methods_are_refused_in_the_same_form(ask: Asker) -> None:
    reply = ask.http.delete(PATH)
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, POST")
    assert reply.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
