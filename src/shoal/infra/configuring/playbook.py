"""The folder that Ansible works in: a playbook, its files, and what it may know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from shoal.infra.contexts.cloud_config import dumped
from shoal.infra.faults import Fault, refuse
from shoal.infra.templating.facts import Facts

PLAYBOOK, INVENTORY, KEY, SOCKET = "playbook.yml", "inventory.json", "ssh_key", "channel"
_KEY_VARIABLE = "ansible_ssh_private_key"


def write(folder: Path, section: Mapping[str, Any], facts: Facts, *, reached: bool) -> str:
    """Write what Ansible needs and return the machine's name in the inventory.

    `reached` says that there is a channel to the machine; else Ansible speaks SSH with its first address.

    Raises:
        BadDescription: the section cannot be used.
    """
    name = str(facts.constants.get("machine_name") or facts.constants["name"])
    for path, content in _files(section):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    own = {**_own(facts, reached), **(section.get("variables") or {})}
    if key := own.pop(_KEY_VARIABLE, None):
        _private(folder / KEY, str(key))
        own["ansible_ssh_private_key_file"] = KEY
    _private(folder / INVENTORY, orjson.dumps(_inventory(name, own, facts)).decode())
    return name


def _files(section: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    playbook = section.get("playbook")
    yield PLAYBOOK, playbook if isinstance(playbook, str) else dumped(playbook)
    taken = {PLAYBOOK, INVENTORY, KEY, SOCKET}
    for path, content in (section.get("files") or {}).items():
        if Path(path).is_absolute() or ".." in Path(path).parts or path in taken:
            where = f"config_management/files/{path}"
            advice = "Name it as roles/mine/tasks/main.yml."
            refuse([Fault(f"A file cannot be called {path!r}.", advice, where)])
        yield path, content if isinstance(content, str) else dumped(content)


def _own(facts: Facts, reached: bool) -> dict[str, Any]:
    addresses = facts.own.get("addresses") or [""]
    known = {key: value for key, value in facts.constants.items() if key != "name"}
    # Machines are entered as root, where `su` asks for nothing and there may be no sudo.
    way = {"ansible_connection": "shoal", "ansible_become_method": "su"} if reached else {}
    return {**known, "node": facts.constants["name"], **facts.variables, "ansible_host": addresses[0], **way}


def _inventory(name: str, own: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """Return every ready machine in the group of its node; plays run for the one that is to be configured."""
    groups: dict[str, Any] = {}
    for node, instances in facts.nodes.items():
        others = {each["id"]: {"ansible_host": (each["addresses"] or [""])[0]} for each in instances}
        others.pop(facts.own.get("id"), None)
        groups[_group(node)] = {"hosts": others}
    mine = groups.setdefault(_group(str(facts.constants["name"])), {"hosts": {}})
    mine["hosts"][name] = dict(own)
    return {"all": {"children": groups}}


def _group(node: str) -> str:
    return node.replace("-", "_")  # Ansible takes no hyphens there.


def _private(path: Path, content: str) -> None:
    path.touch(mode=0o600)
    path.write_text(content if content.endswith("\n") else f"{content}\n")
