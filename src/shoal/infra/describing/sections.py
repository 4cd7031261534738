"""Which keys the other parts of a description may have: `policy`, `drain` and `publish` are ours."""

from __future__ import annotations

from collections.abc import Mapping

from shoal.infra.describing.attributes import Key, may, need

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

_CHEF = (need("endpoint", example="https://chef.example.org"), need("run_list", "list", "[recipe[apache]]"))
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
    may("contextualisation", "mapping", "{type: cloudinit, context_template: ...}"),
    may("config_management", "mapping", "{type: ansible, playbook: ...}"),
    may("health_check", "mapping", "{ports: [22]}"),
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
DATABASE = (need("name"), need("user"), need("pass")._replace(blank=True))

DESCRIPTION = (
    need("infra_name", example="my-cluster"),
    need("user_id", example="somebody@example.org"),
    need("nodes", "list", "[{name: master, type: master_node}]"),
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
