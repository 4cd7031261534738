"""How infrastructures look in replies: nothing secret is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.infra.deciding.levels import levels
from shoal.infra.model import Happening, Infrastructure, Instance
from shoal.infra.office.planning import Made
from shoal.infra.plain import description_of, plain
from shoal.infra.redaction import redacted
from shoal.infra.states import STANDING

View = dict[str, Any]
Counts = Mapping[str, Mapping[str, int]]
SAME = (
    "id",
    "owner",
    "name",
    "attached",
    "paused",
    "turn",
    "done",
    "job",
    "error",
    "created",
    "changed",
    "ended",
)
INSTANCE = (
    "id", "node", "number", "name", "reason", "provider", "implementation", "ref", "private", "tries",
    "price", "created", "since", "ready", "failing_since", "missing_since", "ended",
)  # fmt: skip
_STANDING = {state.value for state in STANDING}


def infra_line(infra: Infrastructure, counts: Counts) -> View:
    """Return what a list shows of an infrastructure; `counts` are its machines by node and state."""
    nodes = {
        node["name"]: _node(infra, node, counts.get(node["name"], {})) for node in infra.description["nodes"]
    }
    return {name: getattr(infra, name) for name in SAME} | {"phase": infra.phase.value, "nodes": nodes}


def infra_view(infra: Infrastructure, counts: Counts, setback: str | None) -> View:
    """Return everything about an infrastructure but its machines."""
    order = levels(description_of(infra.description))
    more = {"condemned": list(infra.condemned), "levels": order, "description": redacted(infra.description)}
    return infra_line(infra, counts) | more | {"setback": setback}


def instance_view(instance: Instance) -> View:
    """Return a machine."""
    saw = {node: list(ids) for node, ids in instance.saw.items()}
    lists = {"addresses": list(instance.addresses), "saw": saw}
    return {name: getattr(instance, name) for name in INSTANCE} | {"state": instance.state.value} | lists


def happening_view(happening: Happening) -> View:
    """Return something that happened."""
    return {name: value for name, value in happening._asdict().items() if name != "infra"}


def plan_view(made: Made, bundle: Mapping[str, Any] | None = None) -> View:
    """Return a plan; with what was wished it can be applied as it is."""
    plan = made.plan
    same = ("infra", "name", "turn", "fingerprint", "levels", "steps", "ports", "warnings", "changes")
    told = {name: plain(getattr(plan, name)) for name in same}
    told |= {"cost": {"now": plan.cost_now, "then": plan.cost}, "digest": made.digest}
    return told | ({} if bundle is None else {"bundle": bundle})


def definition_line(type_: str, implementations: list[Any]) -> View:
    """Return what a list shows of a node definition."""
    return {"type": type_, "resources": [str(each["resource"]["type"]) for each in implementations]}


def definition_view(type_: str, implementations: list[Any]) -> View:
    """Return a node definition."""
    return definition_line(type_, implementations) | {"implementations": redacted(implementations)}


def _node(infra: Infrastructure, node: Mapping[str, Any], counts: Mapping[str, int]) -> View:
    least, most = node["least"], node["most"]
    return {
        "type": node["type"],
        "min": least,
        "max": most,
        "target": max(least, min(infra.targets.get(node["name"], least), most)),
        "actual": sum(n for state, n in counts.items() if state in _STANDING),
        "ready": counts.get("ready", 0),
        "states": dict(counts),
    }
