"""An OpenSSH server of the tests' own on loopback: a host that can be logged in to, as oneself."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.components import find_program, require_component
from tests.support.waiting import wait_until


@dataclass
class Sshd:
    """A host: `home` is where users are at home there, `key` lets in, `host_key` is what it shows."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    at_once: int = 100  # who is not logged in yet; more are turned away

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def key(self) -> Path:
        return self.folder / "user_key"

    @property
    def host_key(self) -> str:
        return (self.folder / "host_key.pub").read_text().strip()

    @property
    def entry(self) -> dict[str, object]:
        """Return the host as a resource section has it."""
        user = getpass.getuser()
        return {"address": "127.0.0.1", "port": self.port, "user": user, "host_key": self.host_key}

    def start(self) -> None:
        """Start it and wait until it listens."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(_daemon(self), stdout=log, stderr=log)
        wait_until(lambda: _listens(self.port), on_timeout=(self.folder / "log").read_text)

    def stop(self) -> None:
        """Stop it; sessions end with their clients."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)


@contextmanager
def running_sshd() -> Iterator[Sshd]:
    """Start a host in a temporary folder, and stop it by its process id."""
    _program()
    host = Sshd(Path(tempfile.mkdtemp(prefix="shoal-sshd-")), _free_port())
    try:
        host.home.mkdir()
        for name in ("host_key", "user_key"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(host.folder / name)]
            subprocess.run(words, check=True, timeout=30)
        shutil.copy(host.folder / "user_key.pub", host.folder / "authorized_keys")
        host.start()
        yield host
    finally:
        host.stop()
        shutil.rmtree(host.folder)


def _program() -> Path:
    return require_component("sshd", find_program("sshd", "/usr/sbin"))


def _daemon(host: Sshd) -> list[str]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    options = {
        "Port": host.port,
        "ListenAddress": "127.0.0.1",
        "HostKey": host.folder / "host_key",
        "AuthorizedKeysFile": host.folder / "authorized_keys",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "MaxStartups": host.at_once,
        "SetEnv": f"HOME={host.home}",
    }
    words = [f"-o{name}={value}" for name, value in options.items()]
    return [str(_program()), "-D", "-e", "-f", os.devnull, *words]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
