"""Grounds on which machines are made, one for each provider: all show the same face to the laws."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shoal.base.errors import Unavailable
from shoal.infra.providers.provider import Machine, Means, Order, Provider
from shoal.infra.providers.registry import place_of, provider_of
from tests.support.containers import Containers, running_containers
from tests.support.forgetful import forgetful
from tests.support.moto import running_moto
from tests.support.sshd import Sshd, running_sshd

NOTHING: Callable[[], list[str]] = list
CREATE = """
import json, sys
from shoal.infra.providers.provider import Means, Order
from shoal.infra.providers.registry import place_of, provider_of
said = json.loads(sys.argv[1])
means = Means(said["folder"], said["credentials"])
provider = provider_of(said["resource"]["type"], place_of(said["resource"]), means)
"""


@dataclass
class Ground:
    """Where machines of one provider are made; `left` names whatever there is of anybody's machines."""

    resource: dict[str, Any]
    folder: Path
    credentials: dict[str, str] = field(default_factory=dict)
    left: Callable[[], list[str]] = NOTHING
    lossy: Callable[[Ground], AbstractContextManager[Ground]] | None = None
    made: Provider | None = None

    @property
    def kind(self) -> str:
        return str(self.resource["type"])

    @property
    def means(self) -> Means:
        return Means(str(self.folder), self.credentials)

    def provider(self) -> Provider:
        """Return this ground's provider."""
        if self.made is None:
            self.made = self.another()
        return self.made

    def another(self) -> Provider:
        """Return a provider that knows nothing of what others did."""
        return provider_of(self.kind, place_of(self.resource), self.means)

    def order(self, instance: str, infra: str = "i-one", **asked: Any) -> Order:
        """Return an order of a machine of the node `worker`."""
        named = {"node": asked.pop("node", "worker"), "name": asked.pop("name", f"machine-{instance}")}
        return Order(infra, infra, instance, resource=self.resource | asked, **named)

    def elsewhere(self, work: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Python in a process of its own, in which `provider` is a new one."""
        said = {"resource": self.resource, "folder": str(self.folder), "credentials": self.credentials}
        return subprocess.run(
            [sys.executable, "-c", CREATE + textwrap.dedent(work), json.dumps(said)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def lose_answer(self, order: Order) -> None:
        """Order a machine so that it may be made, and nobody hears of it."""
        if self.lossy is None:
            return self._die_ordering(order)
        with self.lossy(self) as ground, suppress(Unavailable):
            ground.provider().create(Order(**{**_fields(order), "resource": ground.resource}))
            raise AssertionError("the answer was not lost")

    def _die_ordering(self, order: Order) -> None:
        done = self.elsewhere(
            f"provider.create(Order(**{_fields(order)!r}))", SHOAL_FAULT="infra.machine_ordered:after"
        )
        assert done.returncode == -9, done.stderr


def _fields(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in order.__slots__}


def machine(ground: Ground, instance: str, infra: str = "i-one") -> Machine | None:
    """Return a machine by its instance, None when it is not shown."""
    return next((each for each in ground.provider().machines(infra) if each.instance == instance), None)


@contextmanager
def process_ground(folder: Path) -> Iterator[Ground]:
    ground = Ground({"type": "process"}, folder)

    def left() -> list[str]:
        machines = folder / "machines"
        return [str(path) for path in [machines, *machines.glob("*")] if path.exists()]

    ground.left = left
    yield ground


@contextmanager
def docker_ground(engine: Containers, folder: Path) -> Iterator[Ground]:
    resource = {"type": "docker", "origin": "local", "image": "busybox", "tag": "latest"}
    ground = Ground(resource | {"endpoint": engine.socket}, folder)

    def left() -> list[str]:
        networks = engine.run("network", "ls", "--quiet", "--filter=type=custom").split()
        containers = engine.run("ps", "--all", "--quiet").split()
        return networks + containers + engine.run("volume", "ls", "--quiet").split()

    @contextmanager
    def lossy(ground: Ground) -> Iterator[Ground]:
        before = len(engine.labelled("shoal.instance"))
        path = engine.socket.removeprefix("unix://")
        with forgetful(path, lambda: len(engine.labelled("shoal.instance")) > before) as port:
            yield _with(ground, endpoint=f"tcp://127.0.0.1:{port}")

    ground.left, ground.lossy = left, lossy
    yield ground


@contextmanager
def hosts_ground(hosts: list[Sshd], folder: Path) -> Iterator[Ground]:
    entries = [host.entry for host in hosts]
    ground = Ground({"type": "hosts", "hosts": entries, "key_file": str(hosts[0].key)}, folder)

    def left() -> list[str]:
        claims = [path for host in hosts for path in host.home.glob(".shoal/claims/*")]
        return [str(path) for path in claims + list((folder / "hosts").glob("*.json"))]

    @contextmanager
    def lossy(ground: Ground) -> Iterator[Ground]:
        slots = [host.home / ".shoal/claims/slot-1" for host in hosts]
        before = sum(slot.exists() for slot in slots)
        with forgetful(hosts[0].port, lambda: sum(slot.exists() for slot in slots) > before) as port:
            yield _with(ground, hosts=[entries[0] | {"port": port}])

    ground.left, ground.lossy = left, lossy
    yield ground
    for host in hosts:
        shutil.rmtree(host.home / ".shoal", ignore_errors=True)


@contextmanager
def ec2_ground(port: int, folder: Path) -> Iterator[Ground]:
    """Give moto's EC2, which is simulated."""
    resource = {"type": "ec2", "endpoint": f"http://127.0.0.1:{port}", "regionname": "eu-west-1"}
    ground = Ground(resource, folder, {"accesskey": "me", "secretkey": "mine"})
    client = ground.provider()._client  # type: ignore[attr-defined]  # what moto itself has
    ground.resource |= {"image_id": "ami-03cf127a", "instance_type": "t3.small", "open_ports": [22]}

    def instances() -> list[str]:
        found = [one for part in client.describe_instances()["Reservations"] for one in part["Instances"]]
        return [one["InstanceId"] for one in found if one["State"]["Name"] != "terminated"]

    def left() -> list[str]:
        groups = client.describe_security_groups()["SecurityGroups"]
        return instances() + [each["GroupId"] for each in groups if each["GroupName"] != "default"]

    @contextmanager
    def lossy(ground: Ground) -> Iterator[Ground]:
        before = len(instances())
        with forgetful(port, lambda: len(instances()) > before) as way:
            yield _with(ground, endpoint=f"http://127.0.0.1:{way}")

    ground.left, ground.lossy = left, lossy
    yield ground


@contextmanager
def simulated_ground(folder: Path) -> Iterator[Ground]:
    @contextmanager
    def lossy(ground: Ground) -> Iterator[Ground]:
        yield _with(ground, faults=[{"call": "create", "what": "after"}])

    yield Ground({"type": "simulated"}, folder, lossy=lossy)


def _with(ground: Ground, **other: Any) -> Ground:
    return Ground(ground.resource | other, ground.folder, ground.credentials, ground.left)


class Grounds:
    """Start what providers need when it is first needed, and keep it until the end."""

    def __init__(self, entered: Callable[[AbstractContextManager[Any]], Any]) -> None:
        self._entered = entered
        self._kept: dict[str, Any] = {}

    def on(self, kind: str, folder: Path) -> AbstractContextManager[Ground]:
        """Return a ground of a kind, for the block of one test."""
        makers: Mapping[str, Callable[[], AbstractContextManager[Ground]]] = {
            "process": lambda: process_ground(folder),
            "docker": lambda: docker_ground(self._keep(kind, running_containers), folder),
            "hosts": lambda: hosts_ground(self._hosts(), folder),
            "simulated": lambda: simulated_ground(folder),
            "ec2_simulated": lambda: ec2_ground(self._keep(kind, running_moto), folder),
        }
        return makers[kind]()

    def _hosts(self) -> list[Sshd]:
        hosts: list[Sshd] = [self._keep(f"host {n}", running_sshd) for n in range(3)]
        for host in hosts[1:]:
            shutil.copy(hosts[0].folder / "authorized_keys", host.folder / "authorized_keys")
        return hosts

    def _keep(self, name: str, start: Callable[[], AbstractContextManager[Any]]) -> Any:
        if name not in self._kept:
            self._kept[name] = self._entered(start())
        return self._kept[name]
