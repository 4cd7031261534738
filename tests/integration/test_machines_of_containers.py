"""Machines that are containers: what they are made of, and how they find each other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import Unavailable
from shoal.infra.errors import Refused
from shoal.infra.providers.docker import Docker
from shoal.infra.providers.provider import Means, Order, Standing
from tests.support.components import find_program, require_component
from tests.support.containers import Containers, image_of, running_containers
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def engine() -> Iterator[Containers]:
    with running_containers() as made:
        yield made


@pytest.fixture
def provider(engine: Containers, tmp_path: Path) -> Iterator[Docker]:
    made = Docker({"endpoint": engine.socket}, Means(str(tmp_path)))
    yield made
    for each in made.machines("i"):
        made.drop("i", each.instance, None)
    made.clean("i")
    assert engine.run("network", "ls", "--quiet", "--filter=type=custom") == ""
    assert engine.run("volume", "ls", "--quiet") == ""


def order(instance: str = "m1", node: str = "worker", /, **asked: Any) -> Order:
    env, words = asked.pop("context_env", None), asked.pop("context_command", None)
    resource = {"type": "docker", "origin": "local", "image": "busybox", "tag": "latest", **asked}
    return Order("i", "infra", instance, node, f"machine-{instance}", resource, b"", env, words)


def told(provider: Docker, ref: str, script: str) -> str:
    pieces: list[bytes] = []
    code = provider.run(ref, script, pieces.append, 30)
    assert code == 0, pieces
    return b"".join(pieces).decode().strip()


def shown(engine: Containers, ref: str) -> Any:
    return json.loads(engine.run("inspect", ref))[0]


def test_machines_find_each_other_by_machine_and_by_node(provider: Docker) -> None:
    first = provider.create(order("m1", "Master_Node"))
    for instance in ("w1", "w2"):
        provider.create(order(instance, "worker"))
    at = {each.instance: each.private for each in provider.machines("i")}
    assert told(provider, first, "hostname") == "machine-m1"
    assert f"({at['w1']})" in told(provider, first, "ping -c1 -W2 machine-w1")
    found = told(provider, first, "nslookup worker")
    assert all(str(at[instance]) in found for instance in ("w1", "w2"))


def test_machines_that_are_made_at_once_are_on_one_network(provider: Docker, engine: Containers) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda n: provider.create(order(f"m{n}")), range(6)))
    assert len({*made}) == 6
    networks = {name for ref in made for name in shown(engine, ref)["NetworkSettings"]["Networks"]}
    assert networks == {"shoal-i"}
    assert len(engine.run("network", "ls", "--quiet", "--filter=type=custom").split()) == 1


def test_a_network_of_somebody_elses_is_not_taken(provider: Docker, engine: Containers) -> None:
    engine.run("network", "create", "shoal-i")
    try:
        with pytest.raises(Refused, match="that is not ours"):
            provider.create(order("m1"))
    finally:
        engine.run("network", "rm", "shoal-i")


def test_infrastructures_are_not_on_one_network(provider: Docker, engine: Containers) -> None:
    ours = provider.create(order("m1"))
    other = Order("j", "infra", "m2", "worker", "machine-m2", order().resource)
    try:
        theirs = shown(engine, provider.create(other))["NetworkSettings"]["Networks"]
        assert set(theirs).isdisjoint(shown(engine, ours)["NetworkSettings"]["Networks"])
    finally:
        provider.drop("j", "m2", None)
        provider.clean("j")


def test_a_machine_has_no_privileges_and_a_log_that_ends(provider: Docker, engine: Containers) -> None:
    host = shown(engine, provider.create(order(privileged=True, cap_add=["SYS_ADMIN"])))["HostConfig"]
    assert host["Privileged"] is False
    assert not host["CapAdd"]
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "2"}}
    assert host["Init"] is True
    assert host["RestartPolicy"]["Name"] == "unless-stopped"


def test_limits_and_ports_are_what_the_section_says(provider: Docker, engine: Containers) -> None:
    asked = {"limits": {"memory": "64M", "cores": 0.5, "processes": 50}, "ports": [80, "53:53/udp"]}
    host = shown(engine, provider.create(order(**asked)))["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (64 << 20, 500_000_000, 50)
    assert host["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
        "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53"}],
    }


def test_variables_and_command_are_those_of_the_context(provider: Docker) -> None:
    words = ["sh", "-c", "echo $A $B >/said; sleep 1000"]
    ref = provider.create(order(env={"A": "one"}, context_env=["B=two"], context_command=words))
    wait_until(lambda: told(provider, ref, "cat /said || true") == "one two")


def test_an_image_keeps_its_own_program(provider: Docker, engine: Containers) -> None:
    engine.run("import", "--change", 'CMD ["sleep", "1234"]', engine.folder / "image.tar", "sleeper:1")
    ref = provider.create(order(image="sleeper", tag="1"))
    assert "sleep 1234" in told(provider, ref, "ps")


def test_volumes_are_the_machines_own_and_go_with_it(provider: Docker, engine: Containers) -> None:
    refs = [provider.create(order(instance, volumes=["data:/data"])) for instance in ("m1", "m2")]
    told(provider, refs[0], "echo mine >/data/file")
    assert told(provider, refs[1], "ls /data") == ""
    assert len(engine.run("volume", "ls", "--quiet").split()) == 2
    provider.drop("i", "m1", None)
    assert engine.run("volume", "ls", "--quiet") == "shoal-m2-data"


def test_a_machine_that_is_removed_behind_our_back_is_not_shown(provider: Docker, engine: Containers) -> None:
    ref = provider.create(order())
    engine.run("kill", ref)
    (found,) = provider.machines("i")
    assert found.standing == Standing.SHUTDOWN
    with pytest.raises(Unavailable, match="does not run"):
        provider.run(ref, "true", lambda _: None, 5)
    engine.run("rm", "--force", ref)
    assert provider.machines("i") == []


def test_a_machine_whose_program_ends_is_started_again_and_told_of(provider: Docker) -> None:
    provider.create(order(command="sh -c 'exit 3'"))
    wait_until(lambda: provider.machines("i")[0].standing == Standing.AILING)
    assert "Restarting (3)" in provider.machines("i")[0].detail


def test_machines_survive_their_engine(provider: Docker, engine: Containers) -> None:
    provider.create(order())
    engine.stop()
    with pytest.raises(Unavailable, match="does not answer"):
        provider.machines("i")
    with pytest.raises(Unavailable, match="does not answer"):
        provider.drop("i", "m1", None)
    engine.start()
    wait_until(lambda: provider.machines("i")[0].standing == Standing.READY)


def test_what_others_have_put_on_the_network_is_left_alone(provider: Docker, engine: Containers) -> None:
    provider.create(order())
    guest = engine.run("run", "--detach", "--network=shoal-i", "busybox", "sleep", "1000")
    provider.drop("i", "m1", None)
    provider.clean("i")
    assert shown(engine, guest)["State"]["Running"] is True
    assert shown(engine, guest)["NetworkSettings"]["Networks"] == {}
    engine.run("rm", "--force", guest)


def test_a_container_of_others_is_not_taken(provider: Docker, engine: Containers) -> None:
    engine.run("create", "--name", "shoal-m1", "busybox", "true")
    with pytest.raises(Refused, match="Another container is called shoal-m1"):
        provider.create(order())
    provider.drop("i", "m1", None)
    assert shown(engine, "shoal-m1")["State"]["Status"] == "created"
    engine.run("rm", "shoal-m1")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"image": "no-such"}, "no image no-such:latest"),
        ({"image": ""}, "names no image"),
        ({"image": "Not A Name"}, "invalid reference"),
        ({"ports": ["http"]}, "'http' is no port"),
        ({"volumes": ["/etc:/etc"]}, "'/etc:/etc' is no volume"),
        ({"volumes": ["data"]}, "'data' is no volume"),
        ({"limits": {"memory": "lots"}}, "memory is 'lots'"),
        ({"restart": "sometimes"}, "invalid restart policy"),
    ],
)
def test_sections_that_cannot_be_used_are_refused(provider: Docker, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        provider.create(order(**asked))
    assert provider.machines("i") == []


@pytest.mark.parametrize(
    "endpoint", ["https://127.0.0.1:2376", "npipe:////./pipe/docker", "tcp://127.0.0.1:1", "tcp://here:there"]
)
def test_engines_that_cannot_be_reached_are_said_so(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises((Refused, Unavailable), match=r"cannot be used yet|does not answer"):
        Docker({"endpoint": endpoint}, Means(str(tmp_path))).machines("i")


def test_occopus_way_to_write_the_socket_is_understood(engine: Containers, tmp_path: Path) -> None:
    endpoint = engine.socket.replace("unix:///", "unix://")
    assert Docker({"endpoint": endpoint}, Means(str(tmp_path))).machines("i") == []
    assert Docker({}, Means(str(tmp_path), engine=engine.socket)).machines("i") == []


def test_an_image_is_imported_from_an_address(provider: Docker, engine: Containers, tmp_path: Path) -> None:
    busybox = require_component("busybox", find_program("busybox"))
    image_of(busybox, tmp_path)
    with _serving(engine, busybox, tmp_path) as address:
        ref = provider.create(order(origin=f"{address}/image.tar", image="fetched", tag="2"))
    assert told(provider, ref, "echo here") == "here"
    assert shown(engine, ref)["Config"]["Image"] == "fetched:2"


@contextmanager
def _serving(engine: Containers, busybox: Path, folder: Path) -> Iterator[str]:
    """Serve a folder where the engine is: in a network of its own."""
    daemon = engine.process.pid if engine.process else 0
    inside: list[str | Path] = ["nsenter", f"--net=/proc/{daemon}/ns/net"]
    with subprocess.Popen([*inside, busybox, "httpd", "-f", "-p", "127.0.0.1:8099", "-h", folder]) as server:
        asked = [*inside, busybox, "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8099/image.tar"]
        wait_until(lambda: subprocess.run(asked, stderr=subprocess.DEVNULL).returncode == 0)
        yield "http://127.0.0.1:8099"
        server.kill()
