"""Infrastructures and their machines in words and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shoal.cli.infra_plan_view import price
from shoal.cli.output import table
from shoal.cli.words import ago
from shoal.studies.wording import counted, printable

Facts = Mapping[str, Any]
EMPTY = "No infrastructure stands. Take a blueprint: shoal infra blueprint list"


def lines(found: Sequence[Facts]) -> str:
    """Return infrastructures as a table."""
    if not found:
        return EMPTY
    head = ["ID", "NAME", "PHASE", "MACHINES", "HEALED", "MADE", "OWNER"]
    return table(head, [_line(each) for each in found], right=["MACHINES"])


def page(infra: Facts, instances: Sequence[Facts]) -> str:
    """Return one infrastructure: how it is, and its machines."""
    parts = [headline(infra), _error(infra), machines(instances)]
    return "\n\n".join(part for part in parts if part)


def headline(infra: Facts) -> str:
    """Return an infrastructure in one line."""
    parts = [infra["id"], printable(infra["name"]), infra["phase"], _ready(infra), _kept(infra)]
    return "  ".join(part for part in parts if part)


def machines(instances: Sequence[Facts]) -> str:
    """Return machines as a table."""
    if not instances:
        return "No machines."
    head = ["NODE", "ID", "STATE", "ADDRESS", "REASON"]
    return table(head, [_machine(each) for each in instances])


def costs(cost: Facts) -> str:
    """Return what each machine costs an hour and has cost, and all together."""
    rows = [
        (node, id, price(each["per_hour"]), price(each["so_far"]))
        for node, own in cost["nodes"].items()
        for id, each in own["instances"].items()
    ]
    rows.append(("all", "", price(cost["per_hour"]), price(cost["so_far"])))
    head = ["NODE", "ID", "AN HOUR", "SO FAR"]
    unknown = f"\n{counted(len(cost['unknown']), 'machine')} of unknown price." if cost["unknown"] else ""
    return table(head, rows, right=["AN HOUR", "SO FAR"]) + unknown


def outputs(found: Facts) -> str:
    """Return the addresses, the ssh configuration and what was published, as text."""
    rows = [
        (node, each["id"], " ".join(each["addresses"]) or "-", each["state"])
        for node, own in found["nodes"].items()
        for each in own
    ]
    files = [(each["name"], each["instance"], each["size"]) for each in found["published"]]
    parts = [
        table(["NODE", "ID", "ADDRESSES", "STATE"], rows) if rows else "No machines.",
        table(["FILE", "OF", "BYTES"], files, right=["BYTES"]) if files else "",
        found["ssh_config"].rstrip(),
    ]
    return "\n\n".join(part for part in parts if part)


def _line(infra: Facts) -> tuple[Any, ...]:
    healed = "paused" if infra["paused"] else "yes" if infra["attached"] else "no"
    return (
        infra["id"],
        printable(infra["name"]),
        infra["phase"],
        _ready(infra) or "-",
        healed,
        ago(infra["created"]),
        infra["owner"],
    )


def _ready(infra: Facts) -> str:
    if infra["phase"] == "destroyed":
        return ""
    nodes = (infra.get("nodes") or {}).values()
    ready, wanted = (sum(node[what] for node in nodes) for what in ("ready", "target"))
    return f"{ready}/{wanted} ready" if nodes else ""


def _kept(infra: Facts) -> str:
    if infra["paused"]:
        return "paused"
    is_going = infra["phase"] in ("destroying", "destroyed")
    return "" if infra["attached"] or is_going else "not healed (detached)"


def _error(infra: Facts) -> str:
    error = infra["error"]
    return f"{printable(error['message'])} ({error['code']})" if error else ""


def _machine(instance: Facts) -> tuple[Any, ...]:
    return (
        f"{instance['node']}-{instance['number']}",
        instance["id"],
        instance["state"],
        _address(instance),
        printable(instance["reason"]),
    )


def _address(instance: Facts) -> str:
    addresses = instance["addresses"]
    return str(addresses[0]) if addresses else "-"
