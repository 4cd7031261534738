"""Which providers there are; each is loaded when it is first used, for some bring big libraries."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

from shoal.base.extras import require
from shoal.infra.errors import Refused
from shoal.infra.providers.provider import Means, Provider

_HERE = "shoal.infra.providers"
_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "process": f"{_HERE}.process:Processes",
        "docker": f"{_HERE}.docker:Docker",
        "hosts": f"{_HERE}.hosts:Hosts",
        "ec2": f"{_HERE}.ec2:Ec2",
        "simulated": f"{_HERE}.simulated:Simulated",
    }
)
_LIBRARIES = MappingProxyType({"hosts": ("asyncssh", "ssh"), "ec2": ("boto3", "ec2")})
# What of a resource section finds its machines again: no secrets, for it is kept in rows. By its `name` an
# entry of the credentials file may say which section it is for.
_PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "process": (),
        "docker": ("name", "endpoint"),
        "hosts": (
            "name",
            "hosts",
            "range",
            "port",
            "user",
            "key_file",
            "known_hosts",
            "share",
            "timeout",
            "sudo",
        ),
        "ec2": ("name", "endpoint", "regionname"),
        "simulated": ("endpoint",),
    }
)
# What of a resource section says how machines are found, and changes nothing in them.
_REACHED: Mapping[str, frozenset[str]] = MappingProxyType(
    {"hosts": frozenset({"hosts", "range", "key_file", "known_hosts", "share", "timeout"})}
)
PROVIDERS = frozenset(_CLASSES)


def provider_of(kind: str, place: Mapping[str, Any], means: Means) -> Provider:
    """Return a provider that makes machines of a type at a place.

    Raises:
        Refused: there is no such provider, or no such place.
        MissingExtra: its library is not installed.
    """
    if (path := _CLASSES.get(kind)) is None:
        raise Refused(f"There is no provider {kind!r} yet.", hint=f"There are {', '.join(sorted(_CLASSES))}.")
    if kind in _LIBRARIES:
        require(*_LIBRARIES[kind])
    module, _, name = path.partition(":")
    return cast("Provider", getattr(import_module(module), name)(place, means))


def place_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a rendered resource section by which its machines are found again."""
    keys = _PLACES.get(str(resource.get("type")), ())
    return {key: resource[key] for key in keys if resource.get(key) is not None}


def made_from(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a resource section that a machine is made from, without where hosts are found."""
    left_out = _REACHED.get(str(resource.get("type")), frozenset())
    return {key: value for key, value in resource.items() if key not in left_out}
