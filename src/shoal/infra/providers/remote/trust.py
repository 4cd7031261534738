"""Which keys hosts may show: those that are said, those of a file, or the first that was ever seen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncssh

from shoal.base.errors import Unavailable
from shoal.base.faults import fault_point
from shoal.base.files import write_durably
from shoal.infra.errors import Refused
from shoal.infra.providers.naming import digest
from shoal.infra.providers.remote.host import Host

PINNED = fault_point("infra.host_pinned", "The key that a host has shown first is kept.")
ACCEPT = "accept"
_USUAL = "~/.ssh/known_hosts"


class Trust:
    """Know the keys of hosts.

    A host's `host_key` counts alone. `known_hosts` is a file, or the word `accept`: then the first key that a
    host shows is kept below `folder`, and no other is taken from then on.
    """

    def __init__(self, place: Mapping[str, Any], folder: Path) -> None:
        self._policy = str(place.get("known_hosts") or _USUAL)
        self._folder = folder

    async def known(self, host: Host, timeout: float) -> bytes:
        """Return lines of known hosts for one; raises Refused when there is no such file."""
        if host.host_key:
            return _line(host, host.host_key)
        if self._policy != ACCEPT:
            return _content(Path(self._policy).expanduser())
        path = self._pinned(host)
        if not path.exists():
            write_durably(PINNED, path, await _shown(host, timeout))
        return path.read_bytes()

    def advice(self, host: Host) -> str:
        """Return what to do when a host shows another key and that is all right, as it was installed anew."""
        if host.host_key:
            return "If it was installed anew, give it its new host_key and build again."
        if self._policy != ACCEPT:
            return f"Put its key into {self._policy}, after `ssh-keygen -R` if it was installed anew."
        return f"If it was installed anew, remove {self._pinned(host)}: the next key that it shows is taken."

    def _pinned(self, host: Host) -> Path:
        return self._folder / digest(host.name)


async def _shown(host: Host, timeout: float) -> bytes:
    options = asyncssh.SSHClientConnectionOptions(connect_timeout=timeout, login_timeout=timeout, config=None)
    key = await asyncssh.get_server_host_key(host.address, host.port, config=None, options=options)
    if key is None:
        raise Unavailable(f"{host.name} has shown no key.")
    return _line(host, key.export_public_key().decode())


def _line(host: Host, key: str) -> bytes:
    pattern = host.address if host.port == 22 else f"[{host.address}]:{host.port}"
    return f"{pattern} {key.strip()}{os.linesep}".encode()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(
            f"The known hosts at {path} cannot be read: {error.strerror}.",
            hint="Give each host its host_key, or write known_hosts: accept to trust what is shown first.",
        ) from error
