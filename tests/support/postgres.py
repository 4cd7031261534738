"""A private PostgreSQL cluster for the tests: one a session, one cloned database a test."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from shoal.base.database import open_database
from shoal.migrations import upgrade
from tests.support.components import find_program, require_component
from tests.support.waiting import wait_until

TEMPLATE = "shoal_template"
_numbers = count(1)
_SETTINGS = {
    "fsync": "off",  # the tests kill our processes, not the machine
    "max_connections": "80",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "logging_collector": "off",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server on a loopback port."""

    port: int
    user: str

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{name}"

    @property
    def _admin(self) -> str:
        return self.url("postgres").replace("+psycopg", "")

    def clone(self) -> str:
        """Return the address of a new database with the newest schema and nothing in it."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"{self._quickly()}')
        return self.url(name)

    def empty(self) -> str:
        """Return the address of a new database without a schema."""
        name = f"bare_{os.getpid()}_{next(_numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.url(name)

    def _quickly(self) -> str:
        """Return the strategy that is twice as fast for small templates, where there is a choice."""
        with psycopg.connect(self._admin) as conn:
            return " STRATEGY FILE_COPY" if conn.info.server_version >= 150_000 else ""

    def drop(self, url: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        with psycopg.connect(self._admin, autocommit=True) as conn:
            conn.execute(statement.encode())


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a cluster in a temporary folder, and stop it by its process id."""
    initdb = require_component("PostgreSQL", find_program("initdb", "/usr/lib/postgresql/*/bin"))
    server = require_component("PostgreSQL", find_program("postgres", "/usr/lib/postgresql/*/bin"))
    folder = Path(tempfile.mkdtemp(prefix="shoal-pg-"))
    user, prefix = _account(folder)
    data = folder / "data"
    port = _free_port()
    options = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
    serve = [*prefix, str(server), *f"-D {data} -k {folder} -h 127.0.0.1 -p {port}".split(), *options]
    try:
        _run([*prefix, str(initdb), "-D", str(data), "-U", user, "-A", "trust", "-E", "UTF8", "--no-sync"])
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(serve, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder) as process,
        ):
            try:
                cluster = Cluster(port, user)
                wait_until(lambda: _answers(cluster, process), on_timeout=(folder / "log").read_text)
                _make_template(cluster)
                yield cluster
            finally:
                _stop(data, process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_template(cluster: Cluster) -> None:
    cluster.execute(f'CREATE DATABASE "{TEMPLATE}"')
    database = open_database(cluster.url(TEMPLATE))
    try:
        upgrade(database)
    finally:
        database.close()


def _account(folder: Path) -> tuple[str, Sequence[str]]:
    """Return the user of the cluster and how to become it: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name, ()
    account = pwd.getpwnam("postgres")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return "postgres", ("runuser", "-u", "postgres", "--")


def _answers(cluster: Cluster, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise AssertionError("PostgreSQL ended at once")
    try:
        cluster.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _stop(data: Path, process: subprocess.Popen[bytes]) -> None:
    pid_file = data / "postmaster.pid"
    if pid_file.exists():
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
    else:
        process.terminate()
    process.wait(timeout=30)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise AssertionError(f"{command} failed: {done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
