"""Laws of the addresses to listen on."""

from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest

from shoal.base.errors import Conflict, InvalidSetting
from shoal.server.listener import Listener, checked, is_loopback, parse


@pytest.mark.parametrize(
    ("text", "listener", "url"),
    [
        ("127.0.0.1:8002", Listener("127.0.0.1", 8002), "http://127.0.0.1:8002"),
        ("localhost:80", Listener("127.0.0.1", 80), "http://127.0.0.1:80"),
        ("[::1]:8443,tls", Listener("::1", 8443, tls=True), "https://[::1]:8443"),
        ("0.0.0.0:0", Listener("0.0.0.0", 0), "http://localhost:0"),
        (
            "shoal.example.org:443,tls",
            Listener("shoal.example.org", 443, tls=True),
            "https://shoal.example.org:443",
        ),
    ],
)
def test_an_address_is_read_and_shown(text: str, listener: Listener, url: str) -> None:
    assert parse(text) == listener
    assert listener.url == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8002",
        ":8002",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:http",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "::1:8002",
        "[127.0.0.1]:8002",
        "127.0.0.1:8002,ssl",
        "127.0.0.1:8002,",
        "127.0.0.1:²",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        parse(text)
    assert "127.0.0.1:8002" in refused.value.hint


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST"]
)
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "127.0.0.1.nip.io", ""]
)
def test_what_others_reach_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "text", ["0.0.0.0:8080,open=10.1.0.0/16", "0.0.0.0:8080,tls,open=10.1.0.0/16", "[::]:0,open=fd00::/64"]
)
def test_a_listener_may_be_open_to_a_network(text: str) -> None:
    listener = parse(text)
    assert listener.open == ip_network(text.rpartition("=")[2])
    assert listener.tls == (",tls" in text)


def test_who_is_in_the_network_is_let_in() -> None:
    listener = parse("0.0.0.0:8080,open=10.1.0.0/16")
    assert listener.opens_to("10.1.255.3")
    assert listener.opens_to("::ffff:10.1.2.3")
    assert not listener.opens_to("10.2.0.1")
    assert not listener.opens_to("fd00::1")
    assert not listener.opens_to("")
    assert not parse("0.0.0.0:8080").opens_to("10.1.2.3")


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:8080,open=10.0.0.0/8",
        "localhost:8080,open=10.0.0.0/8",
        "0.0.0.0:8080,open=0.0.0.0/0",
        "[::]:8080,open=::/0",
        "0.0.0.0:8080,open=10.0.0.1/8",
        "0.0.0.0:8080,open=",
        "0.0.0.0:8080,open=example.org",
    ],
)
def test_what_cannot_be_opened_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        parse(text)
    assert "open=10.1.2.0/24" in refused.value.hint


@pytest.mark.parametrize("marks", ["tls,tls", "open", "open=10.0.0.0/8,open=10.0.0.0/8", "Open=10.0.0.0/8"])
def test_marks_are_known_and_there_once(marks: str) -> None:
    with pytest.raises(InvalidSetting, match="is not an address to listen on"):
        parse(f"0.0.0.0:8080,{marks}")


def test_an_open_listener_needs_a_token_for_everything_else() -> None:
    with pytest.raises(InvalidSetting) as refused:
        checked(["0.0.0.0:8080,open=10.0.0.0/8"], token=False)
    assert refused.value.error_code == "token_needed"


def test_beyond_loopback_a_token_is_needed() -> None:
    with pytest.raises(InvalidSetting) as refused:
        checked(["127.0.0.1:1", "0.0.0.0:2"], token=False)
    assert refused.value.error_code == "token_needed"
    assert len(checked(["127.0.0.1:1", "0.0.0.0:2"], token=True)) == 2


def test_an_address_given_twice_is_refused_but_two_free_ports_are_not() -> None:
    with pytest.raises(InvalidSetting, match="twice"):
        checked(["127.0.0.1:9", "localhost:9"], token=False)
    assert len(checked(["127.0.0.1:0", "127.0.0.1:0"], token=False)) == 2


def test_a_port_in_use_is_a_sentence() -> None:
    with Listener("127.0.0.1", 0).bind() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=f"Port {port} on 127.0.0.1 is in use"):
            Listener("127.0.0.1", port).bind()


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="Cannot listen on"):
        Listener("192.0.2.1", 0).bind()


def test_a_small_answer_is_not_held_back_by_the_kernel() -> None:
    # asyncio turns Nagle's algorithm off only for sockets that say that they are TCP.
    with Listener("127.0.0.1", 0).bind() as bound:
        assert bound.proto == socket.IPPROTO_TCP
