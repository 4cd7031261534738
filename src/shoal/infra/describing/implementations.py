"""Check the node definitions: each section against its type, in every implementation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.infra.describing.attributes import COMMON, EITHER, INSIDE, RESOURCES
from shoal.infra.describing.bundle import Path
from shoal.infra.describing.inspection import Inspection, is_template, shown
from shoal.infra.describing.sections import (
    CONTEXTS,
    DATABASE,
    HEALTH,
    IMPLEMENTATION,
    MANAGERS,
    UNFIT,
)
from shoal.infra.faults import choice
from shoal.infra.model import Database, Health, Implementation


def implementations(check: Inspection, kind: str, given: Any, path: Path) -> tuple[Implementation, ...]:
    """Return the ways to make a node of a type; faults are noted."""
    if not kind.strip():
        check.fault(path, "`node_def:` names no type.", "Write `node_def:worker_node:`, say.")
    if isinstance(given, Mapping):
        check.fault(path, f"node_def:{kind} is a mapping, not a list.", "Write `- resource:` with a hyphen.")
        return ()
    if not isinstance(given, list | tuple) or not given:
        check.fault(path, f"node_def:{kind} has no implementation.", "Write `- resource: {type: ...}`.")
        return ()
    return tuple(_implementation(check, kind, one, (*path, index)) for index, one in enumerate(given))


def _implementation(check: Inspection, kind: str, given: Any, path: Path) -> Implementation:
    what = f"node_def:{kind}"
    sections = check.keyed(given, path, IMPLEMENTATION, what)
    resource = _resource(check, sections.get("resource"), (*path, "resource"))
    provider = str(resource.get("type"))
    return Implementation(
        resource,
        _context(check, sections.get("contextualisation"), (*path, "contextualisation"), provider),
        _manager(check, sections.get("config_management"), (*path, "config_management")),
        _health(check, sections.get("health_check"), (*path, "health_check")),
        sections.get("drain", ""),
        tuple(sections.get("publish", ())),
    )


def _typed(
    check: Inspection, given: Mapping[str, Any], path: Path, kinds: Mapping[str, Any], section: str
) -> str | None:
    """Return the type of a section, None when there is none or it is not known."""
    kind = given.get("type")
    if isinstance(kind, str) and kind in kinds:
        return kind
    if kind is None:
        check.fault(path, f"`{section}` lacks `type`.", choice("", kinds))
    else:
        check.fault(
            (*path, "type"), f"`{section}` cannot be of type {shown(kind)}.", choice(str(kind), kinds)
        )
    return None


def _resource(check: Inspection, given: Any, path: Path) -> Mapping[str, Any]:
    if given is None or (kind := _typed(check, given, path, RESOURCES, "resource")) is None:
        return {}
    what = f"`resource` of type {kind}"
    found = check.keyed(given, path, (*COMMON, *RESOURCES[kind]), what)
    if is_template(found.get("price")):  # What a budget is held to is known before anything is made.
        check.fault((*path, "price"), "`price` is a template.", "Write a number, like `price: 0.12`.")
    for name, value in found.items():
        if inside := INSIDE.get((kind, name)):
            named = f"`{name}` of type {kind}"
            found[name] = check.keyed(value, (*path, name), inside, named, others=name == "description")
    if (either := EITHER.get(kind)) and not set(either) & found.keys():
        check.fault(
            path,
            f"{what} lacks `{either[0]}` or `{either[1]}`.",
            "Write one of the two.",
        )
    return found


def _context(check: Inspection, given: Any, path: Path, provider: str) -> Mapping[str, Any]:
    if given is None or (kind := _typed(check, given, path, CONTEXTS, "contextualisation")) is None:
        return {"type": "basic"}
    found = check.keyed(given, path, CONTEXTS[kind], f"`contextualisation` of type {kind}")
    if kind in UNFIT.get(provider, ()):
        fitting = [name for name in CONTEXTS if name not in UNFIT[provider]]
        message = f"A machine of {provider} cannot be contextualised by `{kind}`."
        check.fault((*path, "type"), message, choice("", fitting))
    for index, entry in enumerate(found.get("env", ())):
        if not is_template(entry) and not (entry.partition("=")[0].strip() and "=" in entry):
            check.fault((*path, "env", index), f"`env` has {shown(entry)}.", 'Write `- "NAME=value"`.')
    template = found.get("context_template")
    if kind == "cloudinit" and template is not None and not _is_template(template):
        where = (*path, "context_template")
        check.fault(where, f"`context_template` is {shown(template)}.", "Write cloud-init modules.")
    return found


def _is_template(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, str) and bool(value.strip()))


def _manager(check: Inspection, given: Any, path: Path) -> Mapping[str, Any] | None:
    if given is None or (kind := _typed(check, given, path, MANAGERS, "config_management")) is None:
        return None
    found = check.keyed(given, path, MANAGERS[kind], f"`config_management` of type {kind}")
    playbook = found.get("playbook")
    if playbook is not None and not (playbook and isinstance(playbook, str | list | tuple)):
        advice = "Write plays below it, or `!text_import {url: file://playbook.yaml}`."
        check.fault((*path, "playbook"), f"`playbook` is {shown(playbook)}.", advice)
    for name in found.get("files", {}):
        if name.startswith("/") or ".." in name.split("/"):
            message = f"A file of a playbook cannot be called {name!r}."
            check.fault((*path, "files", name), message, "Name it as `roles/mine/tasks/main.yml`.")
    return found


def _health(check: Inspection, given: Any, path: Path) -> Health:
    if given is None:
        return Health()
    found = check.keyed(given, path, HEALTH, "`health_check`")
    for index, port in enumerate(found.get("ports", ())):
        if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
            where = (*path, "ports", index)
            check.fault(
                where, f"{shown(port)} is no port.", "Write a number from 1 to 65535, without quotes."
            )
    if is_template(found.get("ping")):
        check.fault((*path, "ping"), "`ping` is a template.", "Write `ping: true` or `ping: false`.")
    if (timeout := found.get("timeout")) is not None and (is_template(timeout) or timeout <= 0):
        check.fault((*path, "timeout"), f"`timeout` is {shown(timeout)}.", "Write `timeout: 600` (seconds).")
    databases = [
        check.keyed(one, (*path, "mysqldbs", index), DATABASE, "A database of `mysqldbs`")
        for index, one in enumerate(found.get("mysqldbs", ()))
    ]
    return Health(
        found.get("ping") is not False,
        tuple(found.get("ports", ())),
        tuple(found.get("urls", ())),
        tuple(Database(one.get("name", ""), one.get("user", ""), one.get("pass", "")) for one in databases),
        timeout or Health().timeout,
    )
