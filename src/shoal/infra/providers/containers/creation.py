"""The document that creates a machine at an engine: no privileges, a capped log, our labels."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from shoal.infra.errors import Refused
from shoal.infra.providers.containers.labels import labels_of
from shoal.infra.providers.limits import limits_of
from shoal.infra.providers.naming import host_name, plain_name
from shoal.infra.providers.provider import Order
from shoal.jobs.containers.creation import BILLION, LOG

# For images without a program, or whose program is a shell, which ends at once without a terminal.
STAY = ("sh", "-c", "while :; do sleep 3600; done")
_SHELLS = ("sh", "bash", "ash", "dash", "zsh")


def name_of(instance: str) -> str:
    """Return what a machine's container is called, so that there is never a second one."""
    return f"shoal-{plain_name(instance)}"


def document(order: Order, network: str, image: str, configured: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a create request; raises Refused for a section that cannot be used."""
    section = order.resource
    try:
        ports = [_port(each) for each in section.get("ports") or ()]
        host = _host(order, network) | {"PortBindings": _bindings(ports)}
    except (TypeError, ValueError) as error:
        raise Refused(f"The resource section of {order.node} cannot be used: {error}.") from error
    names = dict.fromkeys(host_name(each) for each in (order.name, order.node))
    return {
        "Hostname": host_name(order.name),
        "Image": image,
        "Cmd": _command(order, configured),
        "Env": [*_variables(section.get("env")), *(order.env or ())],
        "Labels": labels_of(order),
        "ExposedPorts": {port: {} for port, _, _ in ports},
        "HostConfig": host,
        "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": list(names)}}},
    }


def _host(order: Order, network: str) -> dict[str, Any]:
    section = order.resource
    host: dict[str, Any] = {
        "Init": True,
        "LogConfig": LOG,
        "NetworkMode": network,
        "RestartPolicy": {"Name": str(section.get("restart") or "unless-stopped")},
        "Mounts": [_volume(order, str(each)) for each in section.get("volumes") or ()],
    }
    limits = limits_of(section)
    if limits.memory:
        host |= {"Memory": limits.memory, "MemorySwap": limits.memory}
    if limits.cores:
        host["NanoCpus"] = int(limits.cores * BILLION)
    if limits.processes:
        host["PidsLimit"] = limits.processes
    return host


def _volume(order: Order, given: str) -> dict[str, Any]:
    """Return a volume of the machine's own; folders of the engine's machine are not given away."""
    name, _, target = given.partition(":")
    if not name or "/" in name or not target.startswith("/"):
        raise ValueError(f"{given!r} is no volume; write NAME:/folder")
    source = f"{name_of(order.instance)}-{plain_name(name)}"
    options = {"Labels": labels_of(order)}
    return {"Type": "volume", "Source": source, "Target": target, "VolumeOptions": options}


def _port(given: object) -> tuple[str, str, str]:
    """Return a container's port with its protocol, and the address and port that it is published at.

    `8080` is published at a free port, `80:8080` at port 80 of the engine's loopback address,
    `0.0.0.0:80:8080` at all of its addresses.
    """
    words, _, protocol = str(given).partition("/")
    *address, inner = words.split(":")
    outer = address.pop() if address else ""
    if not inner.isdecimal() or not (outer or "0").isdecimal():
        raise ValueError(f"{given!r} is no port; write 8080, 80:8080 or 0.0.0.0:80:8080")
    return f"{inner}/{protocol or 'tcp'}", ":".join(address) or "127.0.0.1", outer


def _bindings(ports: list[tuple[str, str, str]]) -> dict[str, list[dict[str, str]]]:
    return {inner: [{"HostIp": address, "HostPort": outer}] for inner, address, outer in ports}


def _command(order: Order, configured: Mapping[str, Any]) -> list[str] | None:
    """Return what the machine runs; None for what its image has."""
    if order.command or (command := order.resource.get("command")) is None:
        words = list(order.command or ())
    else:
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    if words or configured.get("Entrypoint"):
        return words or None
    program = (configured.get("Cmd") or [""])[0].rpartition("/")[2]
    return list(STAY) if not program or program in _SHELLS else None


def _variables(given: Any) -> list[str]:
    if isinstance(given, Mapping):
        return [f"{name}={value}" for name, value in given.items()]
    return [str(each) for each in given or ()]
