"""What machines would cost, as their providers tell it, where a budget bounds them."""

from __future__ import annotations

from collections.abc import Mapping

from shoal.base.errors import ShoalError
from shoal.infra.model import Description
from shoal.infra.passes.clouds import Clouds
from shoal.infra.providers.registry import place_of


def prices(description: Description, clouds: Clouds) -> Mapping[tuple[str, int], float]:
    """Return prices by type and number of the implementation; what is not known is left out."""
    if description.policy.budget is None:
        return {}
    found: dict[tuple[str, int], float] = {}
    for kind, offered in description.definitions.items():
        for number, made in enumerate(offered):
            try:
                provider = clouds.at(str(made.resource.get("type")), place_of(made.resource))
                price = provider.price(made.resource)
            except (ShoalError, ValueError, TypeError):  # such as a template that is not filled in yet
                continue
            if price is not None:
                found[kind, number] = price
    return found
