"""Which keys a resource section may have, by provider.

Occopus' providers have Occopus' keys (its documentation, and what its plugins accept). `price` is ours, and
so are the providers `process`, `hosts` and `simulated`, and what `docker` has beyond origin, image and tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["text", "whole", "number", "switch", "texts", "list", "mapping", "lines", "any"]


class Key(NamedTuple):
    """A key: what its value is, whether it must be there, an example of a value, and which there are.

    `blank` says that an empty text is as good as any other.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    example: str = ""
    choices: tuple[str, ...] = ()
    blank: bool = False


def need(name: str, kind: Kind = "text", example: str = "", choices: tuple[str, ...] = ()) -> Key:
    """Return a key that must be there."""
    return Key(name, kind, True, example, choices)


def may(name: str, kind: Kind = "text", example: str = "", choices: tuple[str, ...] = ()) -> Key:
    """Return a key that may be left out."""
    return Key(name, kind, False, example, choices)


COMMON = (need("type"), may("name"), may("price", "number", "0.12"))
_ENDPOINT = need("endpoint", example="https://cloud.example.org:5000/v3")
_PLACE = may("endpoint")
_PROGRAM = (
    may("env", "any", '["NAME=value"]'),
    may("command", "lines", "sleep infinity"),
    may("limits", "mapping", "{memory: 512M, cores: 1.5}"),
)

_EC2 = (
    may("endpoint", example="https://ec2.eu-west-1.amazonaws.com"),
    need("regionname", example="eu-west-1"),
    need("image_id", example="ami-0123456789abcdef0"),
    need("instance_type", example="t3.small"),
    may("key_name"),
    may("security_group_ids", "texts", "[sg-0123456789abcdef0]"),
    may("subnet_id"),
    may("open_ports", "list", "[22, 7946/udp, 30000-32767]"),
    may("tags", "mapping", "{project: mine}"),
)
_NOVA = (
    _ENDPOINT,
    need("project_id"),
    need("image_id"),
    need("flavor_name", example="m1.small"),
    may("region_name"),
    may("user_domain_name", example="Default"),
    may("network_id"),
    may("server_name"),
    may("key_name"),
    may("security_groups", "texts", "[default]"),
    may("floating_ip", "any", "yes"),
    may("floating_ip_pool"),
    may("volume_size", "whole", "20"),
    may("volume_persist", "switch"),
    may("tenant_name"),
)
_AZURE_VM = (
    _PLACE,
    *(
        need(name)
        for name in ("resource_group", "location", "vm_size", "publisher", "offer", "sku", "version")
    ),
    need("username"),
    *(
        may(name)
        for name in ("password", "ssh_key_data", "server_name", "vnet_name", "subnet_name", "nic_name")
    ),
    may("public_ip_needed", "switch"),
    may("customdata"),
)
_AZURE_ACI = (
    _PLACE,
    *map(need, ("resource_group", "location", "image")),
    need("network_type", choices=("Public", "Private")),
    need("memory", "number", "1.5"),
    need("cpu_cores", "number", "1"),
    need("os_type", choices=("linux", "windows")),
    may("gpu_type", choices=("K80", "P100", "V100")),
    may("gpu_count", "whole", "1"),
    may("ports", "texts", '["8080", "53/UDP"]'),
    may("vnet_name"),
    may("subnet_name"),
)
_CLOUDBROKER = (
    _ENDPOINT,
    need("description", "mapping", "{deployment_id: ..., instance_type_id: ...}"),
    may("start_in_vpc", "switch"),
)
_CLOUDSIGMA = (
    _ENDPOINT,
    need("libdrive_id"),
    need("description", "mapping", "{cpu: 2000, mem: 1073741824, vnc_password: ...}"),
)
_DOCKER = (
    _PLACE,
    may("origin", example="dockerhub"),
    need("image", example="debian"),
    may("tag", example="latest"),
    *_PROGRAM,
    may("ports", "texts", '["8080", "80:8080"]'),
    may("volumes", "texts", '["data:/srv"]'),
    may("restart", example="unless-stopped"),
)
_HOSTS = (
    may("hosts", "list", "[192.168.1.10, 192.168.1.11]"),
    may("range", example="192.168.1.10-192.168.1.20"),
    may("port", "whole", "22"),
    *map(may, ("user", "key_file", "known_hosts")),
    may("share", "any"),
    may("sudo", "switch"),
    may("timeout", "number", "30"),
    may("release", "lines", "rm -rf /scratch/*"),
)
SIMULATION = (
    may("delay", "number", "2"),
    may("late", "number", "1"),
    may("quota", "whole", "100"),
    may("faults", "any"),
)
_OTHERS = (*_EC2, *_NOVA, *_AZURE_VM, *_AZURE_ACI, *_CLOUDBROKER, *_CLOUDSIGMA, *_DOCKER, *_HOSTS)
# It stands in for any other: who writes `simulated` for a cloud's name leaves its keys as they are.
_SIMULATED = (
    *SIMULATION,
    *(may(key.name, "text" if key.kind == "text" else "any") for key in _OTHERS),
)
RESOURCES: Mapping[str, tuple[Key, ...]] = {
    "ec2": _EC2,
    "nova": _NOVA,
    "azure_vm": _AZURE_VM,
    "azure_aci": _AZURE_ACI,
    "cloudbroker": _CLOUDBROKER,
    "cloudsigma": _CLOUDSIGMA,
    "docker": _DOCKER,
    "process": (_PLACE, *_PROGRAM),
    "hosts": _HOSTS,
    "simulated": _SIMULATED,
}
_LIMITS = (may("memory", "any", "512M"), may("cores", "number", "1.5"))
# Keys inside a mapping of a resource. What is called `description` is handed on to a cloud, other keys too.
INSIDE: Mapping[tuple[str, str], tuple[Key, ...]] = {
    ("docker", "limits"): (*_LIMITS, may("processes", "whole", "500")),
    ("process", "limits"): (*_LIMITS, may("cpu_seconds", "number", "3600"), may("file_size", "any", "1G")),
    ("cloudbroker", "description"): (
        need("deployment_id"),
        need("instance_type_id"),
        may("key_pair_id"),
        may("opened_port", example='"22,80"'),
    ),
    ("cloudsigma", "description"): (
        need("cpu", "whole", "2000"),
        need("mem", "whole", "1073741824"),
        need("vnc_password"),
        may("name"),
        may("pubkeys", "list"),
        may("nics", "list"),
    ),
}
# Of these at least one is needed.
EITHER: Mapping[str, tuple[str, ...]] = {
    "azure_vm": ("ssh_key_data", "password"),
    "hosts": ("hosts", "range"),
}
# The others are validated and planned; who builds with them is told that they come later.
BUILT = frozenset({"ec2", "docker", "process", "hosts", "simulated"})
