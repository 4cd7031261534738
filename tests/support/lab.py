"""A lab: containers that can be logged in to by SSH, as machines that were there before."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.command import ROOT
from tests.support.containers import Containers
from tests.support.waiting import wait_until

PACKAGES = ("openssh-server", "sudo", "iproute2", "iputils-ping", "procps", "ca-certificates")
# A host is a machine of its own: it has keys of its own, and a user who may become root without a password.
_BEGIN = """\
set -e
rm -f /etc/ssh/ssh_host_* /etc/munge/munge.key; ssh-keygen -A
useradd --create-home --shell /bin/bash lab
echo 'lab ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/lab
for home in /root /home/lab; do
  mkdir -p $home/.ssh
  cp /etc/lab_key.pub $home/.ssh/authorized_keys
done
chown -R lab /home/lab/.ssh
chmod 711 /root
mkdir -p /run/sshd
"""


@dataclass(frozen=True)
class LabHost:
    """A machine of the lab."""

    engine: Containers
    container: str
    address: str

    def sh(self, line: str, *, check: bool = True) -> str:
        """Run a line in a shell there, as whoever stands in front of it, and return what it prints."""
        return self.engine.run("exec", self.container, "sh", "-c", line, check=check)

    def new_key(self) -> None:
        """Have it show another key from now on, as a machine does that was installed anew."""
        self.sh("rm /etc/ssh/ssh_host_*; ssh-keygen -A; kill -HUP $(cat /run/sshd.pid)")
        wait_until(self._lets_in, timeout=30)

    def stop(self) -> None:
        """Pull the plug."""
        self.engine.run("kill", self.container)

    def start(self) -> None:
        """Switch it on again; it has the same address."""
        self.engine.run("start", self.container)
        self.serve()

    def serve(self) -> None:
        """Start its sshd and wait until that answers."""
        self.sh("mkdir -p /run/sshd; /usr/sbin/sshd")
        wait_until(self._lets_in, timeout=30)

    def _lets_in(self) -> bool:
        words = [*self.engine.within, "ssh-keyscan", "-t", "ed25519", self.address]
        return bool(subprocess.run(words, capture_output=True, timeout=30).stdout)


@dataclass(frozen=True)
class Lab:
    """Some hosts, and the key that lets `root` and `lab` in to all of them."""

    engine: Containers
    folder: Path
    hosts: Sequence[LabHost]

    @property
    def key(self) -> Path:
        return self.folder / "lab_key"

    def at(self, address: str) -> LabHost:
        """Return the host with an address."""
        return next(host for host in self.hosts if host.address == address)

    def known_hosts(self) -> Path:
        """Return a file of the keys that the hosts show, gathered as people gather them."""
        file = self.folder / "known_hosts"
        words = [*self.engine.within, "ssh-keyscan", "-t", "ed25519", *(host.address for host in self.hosts)]
        file.write_bytes(subprocess.run(words, capture_output=True, check=True, timeout=60).stdout)
        return file


@contextmanager
def running_lab(engine: Containers, image: str, folder: Path, count: int) -> Iterator[Lab]:
    """Start some hosts of an image that has PACKAGES; what we run on is there too, in the same places."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "lab_key")]
    subprocess.run(words, check=True, timeout=30)
    lab = Lab(engine, folder, [_host(engine, image, folder, f"node{n}") for n in range(1, count + 1)])
    try:
        yield lab
    finally:
        engine.run("rm", "--force", "--volumes", *(host.container for host in lab.hosts))


def _host(engine: Containers, image: str, folder: Path, name: str) -> LabHost:
    shared = {sys.base_prefix, sys.prefix, f"{ROOT / 'src'}"}
    volumes = [f"--volume={path}:{path}:ro" for path in sorted(shared)]
    volumes.append(f"--volume={folder / 'lab_key.pub'}:/etc/lab_key.pub:ro")
    wait = ("sleep", "infinity")
    container = engine.run("run", "--detach", "--init", f"--hostname={name}", *volumes, image, *wait)
    address = engine.run("inspect", "--format={{.NetworkSettings.IPAddress}}", container)
    host = LabHost(engine, container, address)
    host.sh(_BEGIN)
    host.serve()
    return host
