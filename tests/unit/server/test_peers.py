"""Laws of asking the kernel who is at the other end."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import pytest

from shoal.server.guard import peers
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(not peers.AVAILABLE, reason="only Linux tells")
ASKERS = [peers.peer_socket, peers.read_proc]
Asker = Callable[[peers.Address, peers.Address], peers.Peer | None]


def connected(family: int, dialled: str, listening: str) -> tuple[socket.socket, socket.socket]:
    listener = socket.create_server(
        (listening, 0), family=socket.AF_INET6 if ":" in listening else socket.AF_INET
    )
    client = socket.socket(family, socket.SOCK_STREAM)
    client.connect((dialled, listener.getsockname()[1]))
    accepted, _ = listener.accept()
    listener.close()
    return client, accepted


@pytest.mark.parametrize("ask", ASKERS)
@pytest.mark.parametrize(
    ("family", "dialled", "listening"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET6, "::1", "::1"),
        (socket.AF_INET6, "::ffff:127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_owner_of_a_living_socket_is_found(ask: Asker, family: int, dialled: str, listening: str) -> None:
    client, accepted = connected(family, dialled, listening)
    with client, accepted:
        ends = accepted.getpeername()[:2], accepted.getsockname()[:2]
        mine = peers.Peer(os.geteuid(), os.fstat(client.fileno()).st_ino)
        assert ask(*ends) == mine
        client.shutdown(socket.SHUT_WR)
        assert ask(*ends) == mine


@pytest.mark.parametrize("ask", ASKERS)
def test_a_closed_socket_belongs_to_nobody_and_not_to_root(ask: Asker) -> None:
    client, accepted = connected(socket.AF_INET, "127.0.0.1", "127.0.0.1")
    with accepted:
        ends = accepted.getpeername()[:2], accepted.getsockname()[:2]
        client.close()
        wait_until(lambda: ask(*ends) is None)


@pytest.mark.parametrize("ask", ASKERS)
def test_a_connection_that_never_was_belongs_to_nobody(ask: Asker) -> None:
    assert ask(("127.0.0.1", 1), ("127.0.0.1", 2)) is None
