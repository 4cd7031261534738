"""How what is ours at an engine is marked."""

from __future__ import annotations

from shoal.infra.providers.provider import Order

INFRA, INSTANCE, NODE = "shoal.infra", "shoal.instance", "shoal.node"
Filters = dict[str, list[str]]


def labels_of(order: Order) -> dict[str, str]:
    """Return the labels of all that is made for a machine."""
    return {INFRA: order.infra, INSTANCE: order.instance, NODE: order.node}


def of_infra(infra: str) -> Filters:
    """Return what finds everything of an infrastructure."""
    return {"label": [f"{INFRA}={infra}"]}


def of_instance(infra: str, instance: str) -> Filters:
    """Return what finds everything of a machine."""
    return {"label": [f"{INFRA}={infra}", f"{INSTANCE}={instance}"]}
