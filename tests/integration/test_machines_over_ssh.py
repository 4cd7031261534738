"""Machines that exist already: who may log in, whose they are, and what happens while they are away."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import Unavailable
from shoal.infra.errors import NoCapacity, Refused
from shoal.infra.providers.hosts import Hosts
from shoal.infra.providers.provider import Means, Order, Standing
from shoal.infra.providers.remote.host import hosts_of, reached
from tests.support.sshd import Sshd, running_sshd


@pytest.fixture(scope="module")
def started() -> Iterator[list[Sshd]]:
    with ExitStack() as stack:
        yield [stack.enter_context(running_sshd()) for _ in range(3)]


@pytest.fixture
def hosts(started: list[Sshd]) -> list[Sshd]:
    for host in started:
        shutil.rmtree(host.home / ".shoal", ignore_errors=True)
        shutil.copy(started[0].folder / "user_key.pub", host.folder / "authorized_keys")
    return started


def place(hosts: list[Sshd], /, **asked: Any) -> dict[str, Any]:
    usual = {"hosts": [host.entry for host in hosts], "key_file": str(hosts[0].key), "timeout": 10}
    return {**usual, **asked}


def provider(hosts: list[Sshd], folder: Path, /, **asked: Any) -> Hosts:
    return Hosts(place(hosts, **asked), Means(str(folder)))


def order(instance: str, infra: str = "i", /, **resource: Any) -> Order:
    return Order(infra, "infra", instance, "worker", instance, {"type": "hosts", **resource})


def claims(host: Sshd) -> list[str]:
    return sorted(path.name for path in host.home.glob(".shoal/claims/slot-*"))


def test_a_host_belongs_to_one_machine_only(hosts: list[Sshd], tmp_path: Path) -> None:
    ours, theirs = provider(hosts, tmp_path / "a"), provider(hosts, tmp_path / "b")
    refs = {ours.create(order("m1")), theirs.create(order("m2", "j")), ours.create(order("m3"))}
    assert len(refs) == 3
    with pytest.raises(NoCapacity, match="None of 3 hosts is free"):
        theirs.create(order("m4", "j"))
    ours.drop("i", "m1", None)
    theirs.create(order("m4", "j"))
    assert sorted(each.instance for each in ours.machines("j")) == ["m2", "m4"]


def test_as_many_share_a_host_as_the_section_says(hosts: list[Sshd], tmp_path: Path) -> None:
    shared = provider(hosts[:1], tmp_path, share=2)
    assert shared.create(order("m1")) == shared.create(order("m2", "j"))
    with pytest.raises(NoCapacity):
        shared.create(order("m3"))
    assert claims(hosts[0]) == ["slot-1", "slot-2"]
    shared.drop("i", "m1", None)
    shared.create(order("m3"))
    assert {each.instance for each in shared.machines("i")} == {"m3"}


def test_of_many_who_claim_at_once_as_many_get_a_host_as_there_are(hosts: list[Sshd], tmp_path: Path) -> None:
    def claim(n: int) -> str | None:
        with suppress(NoCapacity):
            return provider(hosts, tmp_path / str(n)).create(order(f"m{n}", f"i{n}"))
        return None

    with ThreadPoolExecutor(6) as pool:
        got = [ref for ref in pool.map(claim, range(6)) if ref]
    assert len(got) == len(set(got)) == 3


def test_a_host_that_is_down_is_unknown_and_not_gone(hosts: list[Sshd], tmp_path: Path) -> None:
    one = provider(hosts[:1], tmp_path)
    ref = one.create(order("m1"))
    hosts[0].stop()
    try:
        (found,) = one.machines("i")
        assert (found.ref, found.instance, found.standing) == (ref, "m1", Standing.UNKNOWN)
        assert "does not answer" in found.detail
        with pytest.raises(Unavailable, match="does not answer"):
            one.drop("i", "m1", ref)
        with pytest.raises(Unavailable, match="does not answer"):
            one.run(ref, "true", lambda _: None, 5)
    finally:
        hosts[0].start()
    (found,) = one.machines("i")
    assert found.standing == Standing.READY
    one.drop("i", "m1", ref)
    assert claims(hosts[0]) == []


def test_nothing_is_asked_of_a_host_that_is_gone(hosts: list[Sshd], tmp_path: Path) -> None:
    ref = provider(hosts[:1], tmp_path).create(order("m1"))
    hosts[0].stop()
    try:
        gone = {**hosts[0].entry, "gone": True}
        less = provider(hosts, tmp_path, hosts=[gone, hosts[1].entry])
        assert less.machines("i") == []
        less.drop("i", "m1", ref)
        assert less.create(order("m2")).endswith(f":{hosts[1].port}")
        with pytest.raises(NoCapacity, match="None of 0 hosts"):
            provider(hosts, tmp_path, hosts=[gone]).create(order("m3"))
    finally:
        hosts[0].start()


def test_a_machine_whose_host_is_down_is_not_made_elsewhere(hosts: list[Sshd], tmp_path: Path) -> None:
    three = provider(hosts, tmp_path)
    ref = three.create(order("m1"))
    (chosen,) = [host for host in hosts if ref.endswith(f":{host.port}")]
    chosen.stop()
    try:
        with pytest.raises(Unavailable, match="does not answer"):
            provider(hosts, tmp_path).create(order("m1"))
        assert provider(hosts, tmp_path).create(order("m2")) != ref
    finally:
        chosen.start()
    assert provider(hosts, tmp_path).create(order("m1")) == ref


def test_hosts_that_are_down_are_passed_over(hosts: list[Sshd], tmp_path: Path) -> None:
    hosts[0].stop()
    try:
        three = provider(hosts, tmp_path)
        for instance in ("m1", "m2"):
            three.create(order(instance))
        with pytest.raises(NoCapacity, match="does not answer"):
            three.create(order("m3"))
    finally:
        hosts[0].start()
    assert provider(hosts, tmp_path).create(order("m3")).endswith(f":{hosts[0].port}")


def test_a_host_that_turns_some_away_is_asked_again(hosts: list[Sshd], tmp_path: Path) -> None:
    hosts[0].stop()
    hosts[0].at_once = 2
    hosts[0].start()
    try:
        crowded = provider(hosts[:1], tmp_path, share=8)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: crowded.create(order(f"m{n}")), range(8)))
        assert len(claims(hosts[0])) == 8
    finally:
        hosts[0].stop()
        hosts[0].at_once = 100
        hosts[0].start()


def test_a_host_is_known_or_is_not_spoken_with(hosts: list[Sshd], tmp_path: Path) -> None:
    stranger = hosts[0].entry | {"host_key": None}
    empty, wrong = tmp_path / "known_hosts", tmp_path / "wrong"
    empty.write_text("")
    wrong.write_text(f"[127.0.0.1]:{hosts[0].port} {hosts[1].host_key}\n")
    for known in (empty, wrong, tmp_path / "nothing"):
        asked: dict[str, Any] = {"hosts": [stranger], "known_hosts": str(known)}
        with pytest.raises(Refused, match=r"not known|cannot be read"):
            provider(hosts[:1], tmp_path, **asked).create(order("m1"))
    wrong.write_text(f"[127.0.0.1]:{hosts[0].port} {hosts[0].host_key}\n")
    provider(hosts[:1], tmp_path, hosts=[stranger], known_hosts=str(wrong)).create(order("m1"))


def test_the_first_key_counts_where_the_section_accepts_it(hosts: list[Sshd], tmp_path: Path) -> None:
    stranger = {"hosts": [hosts[0].entry | {"host_key": None}], "known_hosts": "accept"}
    provider(hosts[:1], tmp_path, **stranger).create(order("m1"))
    kept = (hosts[0].folder / "host_key", hosts[0].folder / "host_key.pub")
    saved = [path.read_bytes() for path in kept]
    hosts[0].stop()
    for path in kept:
        path.unlink()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", kept[0]], check=True)
    hosts[0].start()
    try:
        with pytest.raises(Refused, match="not who it was") as refused:
            provider(hosts[:1], tmp_path, **stranger).create(order("m2"))
        (pinned,) = (tmp_path / "hosts" / "keys").iterdir()
        assert str(pinned) in refused.value.hint
        (found,) = provider(hosts[:1], tmp_path, **stranger).machines("i")
        assert found.standing == Standing.UNKNOWN
        pinned.unlink()
        (found,) = provider(hosts[:1], tmp_path, **stranger).machines("i")
        assert found.standing == Standing.READY
    finally:
        hosts[0].stop()
        for path, content in zip(kept, saved, strict=True):
            path.write_bytes(content)
        hosts[0].start()


def test_whoever_may_not_log_in_is_told_so(hosts: list[Sshd], tmp_path: Path) -> None:
    with pytest.raises(Refused, match="does not let us in"):
        provider(hosts[:1], tmp_path, key_file=str(hosts[1].key)).create(order("m1"))
    with pytest.raises(Refused, match="cannot be used"):
        (tmp_path / "broken").write_text("no key")
        provider(hosts[:1], tmp_path, key_file=str(tmp_path / "broken")).create(order("m1"))
    with pytest.raises(Refused, match="key file /nowhere/key cannot be read"):
        provider(hosts[:1], tmp_path, key_file="/nowhere/key")
    locked = tmp_path / "locked"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "a phrase", "-f", str(locked)]
    subprocess.run(words, check=True, timeout=30)
    with pytest.raises(Refused, match="cannot be used"):
        provider(hosts[:1], tmp_path, key_file=str(locked)).create(order("m1"))


def test_a_key_may_come_from_the_credentials(hosts: list[Sshd], tmp_path: Path) -> None:
    said = place(hosts[:1]) | {"key_file": None}
    Hosts(said, Means(str(tmp_path), {"key": hosts[0].key.read_text()})).create(order("m1"))
    with pytest.raises(Refused, match="credentials cannot be used"):
        Hosts(said, Means(str(tmp_path), {"key": "no key"}))


def test_a_host_is_freed_by_the_script_that_came_with_the_machine(hosts: list[Sshd], tmp_path: Path) -> None:
    one, mark = provider(hosts[:1], tmp_path), tmp_path / "it's free"
    one.create(order("m1", release=f'touch "{mark}"\n'))
    provider(hosts[:1], tmp_path / "elsewhere").drop("i", "m1", None)
    assert mark.exists()
    assert list(hosts[0].home.glob(".shoal/claims/*")) == []


def test_a_host_that_could_not_be_freed_stays_claimed(hosts: list[Sshd], tmp_path: Path) -> None:
    one = provider(hosts[:1], tmp_path)
    one.create(order("m1", release=["echo still in use", "exit 3"]))
    with pytest.raises(Unavailable, match="failed with 3: still in use"):
        one.drop("i", "m1", None)
    assert claims(hosts[0]) == ["slot-1"]
    (release,) = hosts[0].home.glob(".shoal/claims/*.release")
    release.unlink()
    one.drop("i", "m1", None)
    assert claims(hosts[0]) == []


def test_what_is_claimed_twice_at_once_is_claimed_once(hosts: list[Sshd], tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: provider(hosts[:1], tmp_path, share=6).create(order("m1")), range(6)))
    assert len(claims(hosts[0])) == 1


def test_nothing_that_is_not_a_claim_is_taken_for_one(hosts: list[Sshd], tmp_path: Path) -> None:
    folder = hosts[0].home / ".shoal" / "claims"
    folder.mkdir(parents=True)
    (folder / "slot-1").write_text("I was here\n")
    with pytest.raises(NoCapacity):
        provider(hosts[:1], tmp_path).create(order("m1"))
    assert provider(hosts[:1], tmp_path).machines("i") == []


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"hosts": ["a", "b"]}, ["a:22", "b:22"]),
        ({"hosts": ["a", {"address": "b", "port": 2222}], "port": 23}, ["a:23", "b:2222"]),
        ({"hosts": ["a", "a"]}, ["a:22"]),
        ({"range": "10.0.0.254-10.0.1.1"}, ["10.0.0.254:22", "10.0.0.255:22", "10.0.1.0:22", "10.0.1.1:22"]),
        ({"hosts": ["a"], "range": "10.0.0.1"}, ["a:22", "10.0.0.1:22"]),
        ({"range": "fd00::1 - fd00::2"}, ["fd00::1:22", "fd00::2:22"]),
    ],
)
def test_hosts_are_read_as_they_are_written(said: dict[str, Any], found: list[str]) -> None:
    assert [host.name for host in hosts_of(said)] == found


@pytest.mark.parametrize(
    ("after", "follows"),
    [
        ({"hosts": ["a", "b", "c"], "user": "u", "key_file": "new"}, True),
        ({"hosts": ["b"], "user": "u", "key_file": "new"}, False),
        ({"hosts": ["a"], "user": "another"}, False),
        ({"hosts": [{"address": "a", "host_key": "new"}], "user": "u"}, True),
        ({"hosts": [{"address": "a", "gone": True}, "b"], "user": "u"}, True),
        ({"hosts": ["a"], "user": "u", "sudo": False}, False),
        ({"hosts": ["a"], "user": "u", "port": 2222}, False),
        ({}, False),
    ],
)
def test_a_host_is_reached_as_is_said_by_now(after: dict[str, Any], follows: bool) -> None:
    before = {"hosts": ["a", "b"], "user": "u", "key_file": "old"}
    assert reached(before, after, "a:22") is (after if follows else before)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"hosts": []},
        {"hosts": [{"port": 22}]},
        {"hosts": [{"address": "a", "colour": "red"}]},
        {"hosts": [{"address": "a", "port": "ssh"}]},
        {"hosts": 5},
        {"range": "10.0.0.9-10.0.0.1"},
        {"range": "10.0.0.1-10.9.0.1"},
        {"range": "10.0.0.1-fd00::1"},
        {"range": "everywhere"},
        {"hosts": ["a"], "share": 0},
        {"hosts": ["a"], "share": "many"},
        {"hosts": ["a"], "port": 99999},
        {"hosts": ["a"], "timeout": "soon"},
    ],
)
def test_hosts_that_cannot_be_read_are_refused(said: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"hosts|share|timeout"):
        Hosts(said, Means(str(tmp_path)))
