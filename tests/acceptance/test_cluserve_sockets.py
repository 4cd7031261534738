"""Operations over a WebSocket: both sub-protocols, real clients, and whoever breaks the rules."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport
from playwright.sync_api import Browser
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.browser import opened_window
from tests.support.graphql import GRAPHQL_WS, PATH, Asker
from tests.support.server import Served, running_server

TODAY, OLDER = "graphql-transport-ws", "graphql-ws"
FOLLOW = "subscription ($id: String!) { task(id: $id) { status centroids { metadata } } }"
PUSHES = 30
# Follows a task for 6 s with the client that JavaScript programs use; returns what it was told.
FOLLOWING = """async ({ url, query, id }) => {
  const client = graphqlWs.createClient({ url, lazy: true });
  const told = [];
  const stop = client.subscribe({ query, variables: { id } },
    { next: (one) => told.push(one), error: (one) => told.push({ error: String(one) }), complete: () => {} });
  await new Promise((resolve) => setTimeout(resolve, 6000));
  stop();
  await client.dispose();
  return told;
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("sockets") / "home") as served:
        yield served


@pytest.fixture
def ask(server: Served) -> Iterator[Asker]:
    with server.http() as http:
        yield Asker(http)


@pytest.fixture
def idle(ask: Asker) -> str:
    """Return a task in which nothing happens."""
    id_ = ask.play()
    ask.settled(id_)
    ask.act("pause", id_)
    return id_


@contextmanager
def opened(server: Served, protocol: str | None = TODAY, **options: Any) -> Iterator[ClientConnection]:
    address = f"{server.url.replace('http', 'ws')}{PATH}"
    spoken = [Subprotocol(protocol)] if protocol else None
    with connect(address, subprotocols=spoken, proxy=None, open_timeout=60, **options) as socket:
        yield socket


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection, *without: str) -> Any:
    """Return the next message that is none of these."""
    while (message := json.loads(socket.recv(30)))["type"] in without:
        continue
    return message


def closed(socket: ClientConnection) -> int:
    """Return the code by which the other side closes."""
    with pytest.raises(ConnectionClosed) as gone:
        while True:
            socket.recv(40)
    assert gone.value.rcvd is not None
    return gone.value.rcvd.code


@pytest.mark.parametrize("protocol", [TODAY, OLDER])
def test_the_gql_client_plays_pushes_and_follows_over_a_socket(server: Served, protocol: str) -> None:
    url = f"{server.url.replace('http', 'ws')}{PATH}"

    async def talk() -> list[Any]:
        # Made where a loop runs: elsewhere it makes a loop of its own, which nobody closes.
        transport = WebsocketsTransport(url=url, subprotocols=[Subprotocol(protocol)])
        async with Client(transport=transport) as session:
            play = gql("mutation ($task: TaskInput!) { play(task: $task) { id } }")
            play.variable_values = {"task": {"variables": ["x", "y"], "algorithm": {"name": "kmeans"}}}
            id_ = (await session.execute(play))["play"]["id"]
            push = gql("mutation ($id: uuid!, $data: [Elemt!]!) { push(id: $id, data: $data) { status } }")
            push.variable_values = {"id": id_, "data": [[1, 2], [3, 4]]}
            await session.execute(push)
            follow = gql(FOLLOW)
            follow.variable_values = {"id": id_}
            told: list[Any] = []
            async with aclosing(session.subscribe(follow)) as results:
                async for result in results:
                    told.append(result)
                    if len(told) == 4:
                        break
            return told

    told = asyncio.run(asyncio.wait_for(talk(), 120))
    assert len(told) == 4
    assert all("iterations" in each["task"]["centroids"]["metadata"] for each in told)


def test_the_javascript_client_gets_four_updates_in_six_seconds(
    browser: Browser, server: Served, idle: str
) -> None:
    with opened_window(browser) as window:
        page = window.open(f"{server.url}{PATH}").page
        page.evaluate(GRAPHQL_WS.read_text())
        url = f"{server.url.replace('http', 'ws')}{PATH}"
        told = page.evaluate(FOLLOWING, {"url": url, "query": FOLLOW, "id": idle})
        assert window.errors == []
    assert len(told) >= 4
    assert all(each["data"]["task"]["status"] == "Idle" for each in told)


def test_updates_come_on_every_change_and_end_with_the_task(server: Served, ask: Asker, idle: str) -> None:
    with opened(server) as socket:
        say(socket, type="connection_init", payload={"token": "any"})
        assert hear(socket) == {"type": "connection_ack"}
        say(socket, type="subscribe", id="1", payload={"query": FOLLOW, "variables": {"id": idle}})
        first = hear(socket)
        assert (first["type"], first["id"]) == ("next", "1")
        began = time.monotonic()
        ask.play(id=idle)
        while hear(socket)["payload"]["data"]["task"]["status"] != "Running":
            continue
        assert time.monotonic() - began < 5
        ask.act("delete", idle)
        assert hear(socket, "next", "ping") == {"type": "complete", "id": "1"}


def test_many_operations_share_a_socket_and_each_is_stopped_alone(server: Served, idle: str) -> None:
    with opened(server) as socket:
        say(socket, type="connection_init")
        hear(socket)
        for id_ in ("a", "b"):
            say(socket, type="subscribe", id=id_, payload={"query": FOLLOW, "variables": {"id": idle}})
        say(socket, type="subscribe", id="c", payload={"query": "{ tasks { id } }"})
        heard = [hear(socket) for _ in range(4)]
        assert {each["id"] for each in heard} == {"a", "b", "c"}
        say(socket, type="complete", id="a")
        say(socket, type="ping")
        while hear(socket)["type"] != "pong":
            continue
        assert [hear(socket, "ping")["id"] for _ in range(3)] == ["b"] * 3


def test_the_older_protocol_speaks_in_its_own_words(server: Served, idle: str) -> None:
    with opened(server, OLDER) as socket:
        assert socket.subprotocol == OLDER
        say(socket, type="connection_init", payload={})
        assert hear(socket) == {"type": "connection_ack"}
        say(socket, type="start", id="1", payload={"query": FOLLOW, "variables": {"id": idle}})
        assert hear(socket)["type"] == "data"
        say(socket, type="stop", id="1")
        assert hear(socket, "data", "ka") == {"type": "complete", "id": "1"}
        say(socket, type="start", id="2", payload={"query": "{ nothing }"})
        refused = hear(socket)
        assert (refused["type"], refused["id"]) == ("error", "2")
        assert refused["payload"]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        say(socket, type="connection_terminate")
        assert closed(socket) == 1000


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{" * 1000}, "QUERY_TOO_DEEP"),
        ({"query": ""}, "INVALID_QUERY"),
        ({"query": 3}, "INVALID_QUERY"),
        (None, "INVALID_QUERY"),
        ([], "INVALID_QUERY"),
        ({"query": "query A { tasks { id } }", "operationName": "B"}, "INVALID_QUERY"),
    ],
)
def test_what_cannot_be_carried_out_is_an_error_and_the_socket_stays(
    server: Served, payload: object, code: str
) -> None:
    with opened(server) as socket:
        say(socket, type="connection_init")
        hear(socket)
        say(socket, type="subscribe", id="1", payload=payload)
        refused = hear(socket)
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", code)
        say(socket, type="subscribe", id="1", payload={"query": FOLLOW, "variables": {"id": "nothing"}})
        assert hear(socket)["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert hear(socket) == {"type": "complete", "id": "1"}


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["nonsense"], 4400),
        (["[1]"], 4400),
        (['{"type": "dance"}'], 4400),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ tasks { id } }"}}'], 4401),
        (['{"type": "connection_init"}'] * 2, 4429),
        (['{"type": "connection_init"}', '{"type": "subscribe", "payload": {}}'], 4400),
        (['{"type": "connection_init"}', '{"type": "complete"}'], 4400),
        ([b"\x00\x01"], 4400),
    ],
)
def test_who_breaks_the_rules_is_told_by_the_code(
    server: Served, messages: list[str | bytes], code: int
) -> None:
    with opened(server) as socket:
        for message in messages:
            socket.send(message)
        assert closed(socket) == code


def test_an_operation_is_not_begun_twice_under_one_id(server: Served, idle: str) -> None:
    with opened(server) as socket:
        say(socket, type="connection_init")
        for _ in range(2):
            say(socket, type="subscribe", id="1", payload={"query": FOLLOW, "variables": {"id": idle}})
        assert closed(socket) == 4409


def test_one_socket_carries_only_so_many_operations(server: Served, idle: str) -> None:
    with opened(server) as socket:
        say(socket, type="connection_init")
        for n in range(101):
            say(socket, type="subscribe", id=str(n), payload={"query": FOLLOW, "variables": {"id": idle}})
        assert closed(socket) == 1013


def test_who_does_not_read_holds_up_nobody_and_misses_what_is_out_of_date(server: Served, ask: Asker) -> None:
    rows = [[n / 7, n / 11, n / 13] for n in range(10_000)]
    frame = {"dataframe": {"columns": ["x", "y", "z"], "chunks": [{"data": rows}]}}
    id_ = ask.play(dataset=frame)
    ask.settled(id_)
    query = "subscription ($id: String!) {{ task(id: $id) {{ rows {} }} }}"
    heavy = "dataset { dataframe { chunks { data } } }"
    with opened(server, max_queue=1, close_timeout=0.1) as deaf, opened(server) as reading:
        for socket, names, more in ((deaf, "abcd", heavy), (reading, "e", "")):
            say(socket, type="connection_init")
            assert hear(socket)["type"] == "connection_ack"
            payload = {"query": query.format(more), "variables": {"id": id_}}
            for name in names:
                say(socket, type="subscribe", id=name, payload=payload)
        for n in range(1, PUSHES + 1):
            ask.data("mutation ($id: String!) { push(id: $id, data: [[1, 2, 3]]) { id } }", id=id_)
            while rows_told(reading) < 10_000 + n:
                continue
        assert ask.task(id_) == {"status": "Running", "error": None}
        heard = 1
        while rows_told(deaf) < 10_000 + PUSHES:
            heard += 1
        assert heard < 2 * PUSHES  # of at least 4 * PUSHES that there were
    ask.act("delete", id_)


def rows_told(socket: ClientConnection) -> int:
    return int(hear(socket, "ping")["payload"]["data"]["task"]["rows"])


def test_a_message_over_the_limit_ends_the_socket(server: Served) -> None:
    with pytest.raises(ConnectionClosed), opened(server) as socket:
        socket.send(" " * ((16 << 20) + 1))
        socket.recv(40)
    with opened(server) as socket:
        say(socket, type="connection_init")
        assert hear(socket)["type"] == "connection_ack"


def test_a_socket_without_a_known_protocol_is_refused(server: Served) -> None:
    for protocol in (None, "soap"):
        with pytest.raises(InvalidStatus) as refused, opened(server, protocol):
            pass
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_page_of_another_origin_may_not_open_a_socket(server: Served, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(server, additional_headers=headers):
        pass
    assert refused.value.response.status_code == 403


def test_a_name_that_was_bound_to_this_address_opens_no_socket(server: Served) -> None:
    upgrade = (
        "GET /v1/graphql HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    assert b" 403 " in server.raw(upgrade.encode()).splitlines()[0]


def test_open_sockets_do_not_keep_the_server_from_stopping(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as served, opened(served) as socket:
        say(socket, type="connection_init")
        hear(socket)
        began = time.monotonic()
        assert served.stop() == 0
        assert time.monotonic() - began < 20
        assert closed(socket) in (1001, 1012)
