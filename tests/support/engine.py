"""A Docker engine of our own, with a base image made of Debian's packages: no image registry is asked."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.command import ROOT
from tests.support.components import find_program, require_component
from tests.support.waiting import wait_until

INSTALL = "make services ARGS=--long"
BASE = "debian:bookworm-slim"
# What the image is built of, and what `make docker-...` reads.
TREE = (
    *("Dockerfile", ".dockerignore", "Makefile", "constraints.txt", "constraints-dev.txt"),
    *("pyproject.toml", "README.md", "LICENSE", "src", "deploy", "configs"),
)
NOT_COPIED = shutil.ignore_patterns("__pycache__", "secrets", "*.crt")
POSTGRES_IMAGE = """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-15 && rm -rf /var/lib/apt/lists/*
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
RUN install -d -o postgres $PGDATA && rm -rf /var/lib/postgresql/15
COPY start /start
USER postgres
VOLUME /var/lib/postgresql/data
CMD ["sh", "/start"]
"""
# What postgres's own image does with these variables.
POSTGRES_START = """\
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" -A scram-sha-256 -E UTF8
  echo "CREATE DATABASE $POSTGRES_DB" | postgres --single -D "$PGDATA" postgres
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
exec postgres -D "$PGDATA" -c "listen_addresses=*"
"""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine; `tree` is a copy of what the image is built of."""

    folder: Path
    docker: Path
    tree: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment in which clients talk to this engine and no other."""
        foreign = ("DOCKER_", "DEPLOY_", "CLUSERVE_", "COMPOSE_", "SHOAL_", "MAKE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        here = {"DOCKER_HOST": f"unix://{self.folder / 'engine.sock'}", "DOCKER_BUILDKIT": "0"}
        return kept | here | _index()

    def run(self, *words: object, check: bool = True, timeout: float = 120) -> str:
        """Run `docker WORDS` and return all that it printed."""
        return self.command([str(self.docker), *map(str, words)], check=check, timeout=timeout)

    def make(self, target: str, given: Mapping[str, str] | None = None, *, timeout: float = 300) -> str:
        """Run `make TARGET` with variables in the tree and return all that it printed."""
        variables = [f"{name}={value}" for name, value in (given or {}).items()]
        return self.command(["make", "--no-print-directory", target, *variables], timeout=timeout)

    def command(self, words: Sequence[str], *, check: bool = True, timeout: float = 120) -> str:
        """Run a command in the tree."""
        done = subprocess.run(
            words,
            cwd=self.tree,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        assert not check or done.returncode == 0, f"{' '.join(words)}\n{done.stdout}"
        return done.stdout


@contextmanager
def running_engine() -> Iterator[Engine]:
    """Start an engine with a base image in a temporary folder, and stop it by its process id."""
    if os.geteuid() != 0:
        pytest.skip("a Docker engine of one's own needs root")
    programs = {name: _found(name) for name in ("dockerd", "docker", "debootstrap", "docker-compose", "make")}
    folder = Path(tempfile.mkdtemp(prefix="shoal-engine-"))
    engine = Engine(folder, programs["docker"], folder / "tree")
    log = folder / "log"
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(_daemon(programs["dockerd"], folder), stdout=output, stderr=output)
        try:
            _copy_tree(engine.tree)
            wait_until(
                lambda: "Server Version" in engine.run("info", check=False),
                timeout=60,
                on_timeout=log.read_text,
            )
            _import_base(engine, programs["debootstrap"])
            yield engine
        finally:
            _remove_containers(engine)
            process.terminate()
            process.wait(60)
    finally:
        _unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)


def build_postgres(engine: Engine, tag: str) -> None:
    """Build an image of Debian's PostgreSQL that takes the variables of postgres's own image."""
    folder = engine.folder / "postgres"
    folder.mkdir()
    (folder / "Dockerfile").write_text(POSTGRES_IMAGE)
    (folder / "start").write_text(POSTGRES_START)
    engine.run("build", "--quiet", "--tag", tag, folder, timeout=600)


def _found(name: str) -> Path:
    return require_component(name, find_program(name, "/usr/bin", "/usr/sbin"), INSTALL)


@cache
def _index() -> dict[str, str]:
    """Return where this machine's pip is told to find packages, if it is told."""
    words = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    done = subprocess.run(words, capture_output=True, text=True)
    return {"PIP_INDEX_URL": done.stdout.strip()} if done.returncode == 0 else {}


def _daemon(dockerd: Path, folder: Path) -> list[str]:
    places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    options = [f"--{option}={folder / name}" for option, name in places.items()]
    limits = ["--log-opt=max-size=10m", "--log-opt=max-file=2", "--bip=172.31.251.1/24", f"--mtu={_mtu()}"]
    return [str(dockerd), *options, f"--host=unix://{folder / 'engine.sock'}", *limits]


def _mtu() -> int:
    """Return the smallest packet size of this machine's network cards: larger ones would not get through."""
    cards = (card for card in Path("/sys/class/net").glob("*") if (card / "device").exists())
    return min((int((card / "mtu").read_text()) for card in cards), default=1400)


def _copy_tree(tree: Path) -> None:
    tree.mkdir()
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "secrets", "*.crt")
            )
        else:
            shutil.copy(source, tree / name)
    # Whoever stands between this machine and the package index stands between it and the build, too.
    known = Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")
    if known.exists():
        shutil.copy(known, tree / "deploy" / "certificates" / "machine.crt")


def _import_base(engine: Engine, debootstrap: Path) -> None:
    root = engine.folder / "root"
    engine.command([str(debootstrap), "--variant=minbase", "bookworm", str(root)], timeout=900)
    archive = engine.folder / "root.tar"
    engine.command(["tar", "--create", f"--directory={root}", f"--file={archive}", "."])
    engine.run("import", archive, BASE)
    shutil.rmtree(root)
    archive.unlink()


def _unmount(folder: Path) -> None:
    """Take off what an engine or a bootstrap that was stopped half-way has left mounted."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in sorted((place for place in mounted if place.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", place], check=True)


def _remove_containers(engine: Engine) -> None:
    if found := engine.run("ps", "--all", "--quiet", check=False).split():
        engine.run("rm", "--force", "--volumes", *found, check=False)
