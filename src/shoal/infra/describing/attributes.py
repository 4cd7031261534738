"""Which keys each part of a description may have: of resources by provider, of the other sections by type.

Source of Occopus' keys: its documentation and what its plugins accept. Ours are marked by where they stand:
`process`, `hosts`, `simulated`, and `LIMITS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["text", "whole", "number", "switch", "texts", "list", "mapping", "lines", "any"]


class Key(NamedTuple):
    """A key: what its value is, whether it must be there, an example of a value, and which there are."""

    name: str
    kind: Kind = "text"
    required: bool = False
    example: str = ""
    choices: tuple[str, ...] = ()


def need(name: str, kind: Kind = "text", example: str = "", choices: tuple[str, ...] = ()) -> Key:
    """Return a key that must be there."""
    return Key(name, kind, True, example, choices)


def may(name: str, kind: Kind = "text", example: str = "", choices: tuple[str, ...] = ()) -> Key:
    """Return a key that may be left out."""
    return Key(name, kind, False, example, choices)


COMMON = (need("type"), may("name"), may("price", "number", "0.12"))
_ENDPOINT = need("endpoint", example="https://cloud.example.org:5000/v3")
_PLACE = may("endpoint")
# What a machine on a computer of ours may use.
LIMITS = (may("memory", "any", "512M"), may("cpus", "number", "1.5"))

_EC2 = (
    may("endpoint", example="https://ec2.eu-west-1.amazonaws.com"),
    need("regionname", example="eu-west-1"),
    need("image_id", example="ami-0123456789abcdef0"),
    need("instance_type", example="t3.small"),
    may("key_name"),
    may("security_group_ids", "texts", "[sg-0123456789abcdef0]"),
    may("subnet_id"),
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
    *LIMITS,
)
_PROCESS = (_PLACE, *LIMITS)
_HOSTS = (
    _PLACE,
    need("hosts", "list", "[192.168.1.10, 192.168.1.11]"),
    may("user", example="root"),
    may("port", "whole", "22"),
)
_CLOUDS = (*_EC2, *_NOVA, *_AZURE_VM, *_AZURE_ACI, *_CLOUDBROKER, *_CLOUDSIGMA, *_DOCKER, *_HOSTS)
_SIMULATION = (
    _PLACE,
    may("delay", "number", "2"),
    may("quota", "whole", "100"),
    may("faults", "any"),
)
# It stands in for any other: who puts its name in the place of a cloud's leaves the other keys as they are.
_SIMULATED = (
    *_SIMULATION,
    *(may(name, "any") for name in {key.name: None for key in _CLOUDS if key not in _SIMULATION}),
)
RESOURCES: Mapping[str, tuple[Key, ...]] = {
    "ec2": _EC2,
    "nova": _NOVA,
    "azure_vm": _AZURE_VM,
    "azure_aci": _AZURE_ACI,
    "cloudbroker": _CLOUDBROKER,
    "cloudsigma": _CLOUDSIGMA,
    "docker": _DOCKER,
    "process": _PROCESS,
    "hosts": _HOSTS,
    "simulated": _SIMULATED,
}
# Keys inside a mapping of a resource; others are handed on to the cloud as they are.
INSIDE: Mapping[tuple[str, str], tuple[Key, ...]] = {
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
EITHER: Mapping[str, tuple[str, ...]] = {"azure_vm": ("password", "ssh_key_data")}
BUILT = frozenset({"ec2", "docker", "process", "hosts", "simulated"})

_CLOUDINIT = (
    need("context_template", "any", "!yaml_import {url: file://cloud.yaml}"),
    may("attributes", "any"),
)
_CONTAINER = (
    need("env", "texts", '["NAME=value"]'),
    may("command", "lines", "sleep infinity"),
    may("context_variables", "mapping"),
)
CONTEXTS: Mapping[str, tuple[Key, ...]] = {
    "cloudinit": (need("type"), *_CLOUDINIT),
    "docker": (need("type"), *_CONTAINER),
    "basic": (need("type"), may("attributes", "any")),
}
# Contextualisations that a provider cannot use.
UNFIT: Mapping[str, frozenset[str]] = {
    **{cloud: frozenset({"docker"}) for cloud in ("ec2", "nova", "azure_vm", "cloudbroker", "cloudsigma")},
    "hosts": frozenset({"docker"}),
    "azure_aci": frozenset({"cloudinit"}),
}

_CHEF = (_ENDPOINT, need("run_list", "list", "[recipe[apache]]"))
_PUPPET = (
    need("manifests", "list", "[https://example.org/site.pp]"),
    may("modules", "list"),
    may("attributes", "list", "[{name: value}]"),
)
_ANSIBLE = (
    need("playbook", "any", "!text_import {url: file://playbook.yaml}"),
    may("variables", "mapping"),
    may("files", "mapping", "{NAME: !text_import {url: file://NAME}}"),
    may("timeout", "number", "1800"),
)
MANAGERS: Mapping[str, tuple[Key, ...]] = {
    "chef": (need("type"), *_CHEF),
    "puppet_solo": (need("type"), *_PUPPET),
    "ansible": (need("type"), *_ANSIBLE),
}
MANAGERS_BUILT = frozenset({"ansible"})

IMPLEMENTATION = (
    need("resource", "mapping", "{type: simulated}"),
    may("contextualisation", "mapping"),
    may("config_management", "mapping"),
    may("health_check", "mapping"),
    may("drain", example="systemctl stop mine"),
    may("publish", "texts", "[/etc/mine/public.conf]"),
)
HEALTH = (
    may("type", choices=("basic",)),
    may("ping", "switch"),
    may("ports", "list", "[22, 8080]"),
    may("urls", "texts", '["http://{{ip}}:8080/"]'),
    may("mysqldbs", "list", "[{name: mine, user: me, pass: ...}]"),
    may("timeout", "number", "600"),
)
DATABASE = (need("name"), need("user"), need("pass"))

DESCRIPTION = (
    need("infra_name", example="my-cluster"),
    need("user_id", example="somebody@example.org"),
    need("nodes", "list"),
    may("dependencies", "list", "[[worker, master]]"),
    may("variables", "mapping", "{NAME: value}"),
    may("policy", "mapping", "{budget: 2.5}"),
)
NODE = (
    need("name", example="worker"),
    need("type", example="worker_node"),
    may("scaling", "mapping", "{min: 1, max: 4}"),
    may("filter", "mapping", "{regionname: eu-west-1}"),
    may("variables", "mapping", "{NAME: value}"),
)
SCALING = (may("min", "whole", "1"), may("max", "whole", "4"))
EDGE = (need("connection", "list", "[worker, master]"), may("mappings", "list"))
MAPPING = (need("attributes", "list", "[source, destination]"), may("synch", "switch"))
POLICY = (
    may("unavailable", "whole", "1"),
    may("brake", "number", "0.5"),
    may("start_timeout", "number", "1800"),
    may("drain_timeout", "number", "120"),
    may("attempts", "whole", "3"),
    may("budget", "number", "2.5"),
)
