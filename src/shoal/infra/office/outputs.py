"""What an infrastructure is used by: addresses, an ssh configuration, what its machines publish."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from shoal.infra.model import Instance
from shoal.infra.office.folders import published
from shoal.infra.providers.remote.host import hosts_of
from shoal.infra.states import State

_WORD = re.compile(r"[^\s\"'#]+")
_ADDRESS = re.compile(r"[A-Za-z0-9:][A-Za-z0-9:._%-]{0,252}")


def outputs(folder: Path, infra: str, there: Sequence[Instance]) -> dict[str, Any]:
    """Return addresses by node, an ssh configuration, and the files that machines have published."""
    nodes: dict[str, list[dict[str, Any]]] = {}
    for one in there:
        entry = {"id": one.id, "name": one.name, "addresses": list(one.addresses), "private": one.private}
        nodes.setdefault(one.node, []).append(entry | {"state": one.state.value})
    ids = {one.id for one in there}
    files = [
        {"instance": instance, "name": name, "size": size}
        for instance, name, size in published(folder, infra)
        if instance in ids
    ]
    return {"nodes": nodes, "ssh_config": ssh_config(there), "published": files}


def ssh_config(there: Iterable[Instance]) -> str:
    """Return a configuration for ssh, with an entry for each machine that is ready."""
    entries = []
    for one in there:
        # What is no address could be an option of ssh.
        if one.state is State.READY and one.addresses and _ADDRESS.fullmatch(one.addresses[0]):
            entries.append(
                f"Host {one.name} {one.node}-{one.number}\n"
                f"    HostName {one.addresses[0]}\n"
                "    StrictHostKeyChecking accept-new\n" + "".join(_login(one))
            )
    return "\n".join(entries)


def _login(one: Instance) -> Iterator[str]:
    """Yield how a machine that was there before is logged in to, as far as its section says."""
    if one.provider != "hosts":
        return
    host = next((host for host in hosts_of(one.place) if host.name == one.ref), None)
    known = {"Port": host.port, "User": host.user} if host is not None else {}
    for name, value in {**known, "IdentityFile": one.place.get("key_file")}.items():
        if value and _WORD.fullmatch(str(value)):
            yield f"    {name} {value}\n"
