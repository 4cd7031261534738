"""What machines cost: prices that a definition names, and those that instances were found to have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shoal.infra.model import Description, Instance
from shoal.infra.states import State


def price_of(resource: Mapping[str, Any]) -> float | None:
    """Return the price an hour that a resource section names itself (`price`), None when it names none."""
    price = resource.get("price")
    return float(price) if isinstance(price, int | float) and not isinstance(price, bool) else None


def prices(description: Description, instances: Iterable[Instance]) -> Mapping[tuple[str, int], float]:
    """Return known prices by type and implementation: what the definition says, else what instances cost."""
    found = {
        (type_, number): price
        for type_, offered in description.definitions.items()
        for number, made in enumerate(offered)
        if (price := price_of(made.resource)) is not None
    }
    types = {node.name: node.type for node in description.nodes}
    for each in instances:
        if each.price is not None and each.node in types:
            found.setdefault((types[each.node], each.implementation), each.price)
    return found


def spent(
    description: Description, instances: Iterable[Instance], prices: Mapping[tuple[str, int], float]
) -> float:
    """Return what all machines cost an hour that are there, or will be: also those not asked for yet."""
    types = {node.name: node.type for node in description.nodes}
    return sum(
        prices.get((types.get(each.node, ""), each.implementation), 0.0) if each.price is None else each.price
        for each in instances
        if each.state is not State.DROPPED
    )


def cost(instances: Iterable[Instance]) -> float:
    """Return what all machines that may run cost an hour, as far as it is known."""
    return sum(each.price or 0.0 for each in instances if each.state is not State.DROPPED)
