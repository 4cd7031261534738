"""What machines cost, as far as their providers said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shoal.base.clock import SECOND
from shoal.infra.model import Instance
from shoal.infra.states import State

HOUR = 3600 * SECOND


def costs(there: Iterable[Instance], moment: int) -> dict[str, Any]:
    """Return what machines cost an hour and have cost until now, together, by node and by instance.

    `there` are all that ever were. A machine runs from when it was asked for until its end; those without a
    price are in `unknown` and count nothing.
    """
    nodes: dict[str, dict[str, Any]] = {}
    unknown: list[str] = []
    for one in there:
        node = nodes.setdefault(one.node, {"per_hour": 0.0, "so_far": 0.0, "instances": {}})
        if one.price is None:
            if one.state is not State.DROPPED:
                unknown.append(one.id)
            continue
        per_hour = 0.0 if one.state is State.DROPPED else one.price
        so_far = one.price * max(0, (one.ended or moment) - one.created) / HOUR
        node["instances"][one.id] = {"per_hour": per_hour, "so_far": so_far}
        node["per_hour"] += per_hour
        node["so_far"] += so_far
    total = {name: sum(node[name] for node in nodes.values()) for name in ("per_hour", "so_far")}
    return total | {"nodes": nodes, "unknown": unknown}
