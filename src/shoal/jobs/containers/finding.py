"""Which engine runs containers here."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping

from shoal.base.errors import InvalidSetting
from shoal.jobs.containers.engine import Engine, EngineGone

UNIX = "unix://"
ENGINE = "engine"  # the configured address, among the terms of a worker
DOCKER = "/var/run/docker.sock"
PODMAN = "/run/podman/podman.sock"


def find(configured: str | None = None, environ: Mapping[str, str] = os.environ) -> Engine:
    """Return the configured engine, else the first that answers.

    Asked in turn: DOCKER_HOST, Docker, podman of this user, podman of root.

    Raises:
        EngineGone: none answers.
        InvalidSetting: the configured address is no Unix socket.
    """
    if configured:
        return Engine(_path(configured, "containers.engine"))
    tried = list(_usual(environ))
    for path in tried:
        if answers(path):
            return Engine(path)
    raise EngineGone(
        "No container engine answers here.",
        hint=f"Start Docker or podman's service, or set containers.engine. Tried: {', '.join(tried)}.",
    )


def answers(path: str) -> bool:
    """Say whether somebody listens at a socket that this process may use."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def _usual(environ: Mapping[str, str]) -> Iterator[str]:
    if said := environ.get("DOCKER_HOST"):
        yield _path(said, "DOCKER_HOST")
    yield DOCKER
    yield f"{environ.get('XDG_RUNTIME_DIR') or f'/run/user/{os.geteuid()}'}/podman/podman.sock"
    yield PODMAN


def _path(address: str, name: str) -> str:
    path = address.removeprefix(UNIX)
    if not path.startswith("/"):
        raise InvalidSetting(
            f"{name} is {address!r}: that is no Unix socket.", hint="Write unix:///run/docker.sock."
        )
    return path
