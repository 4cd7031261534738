"""How what is ours at EC2 is marked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shoal.infra.providers.provider import Order

INFRA, INSTANCE, NODE = "shoal:infra", "shoal:instance", "shoal:node"


def tags_of(order: Order) -> list[dict[str, str]]:
    """Return the tags of all that is made for a machine: those of the section, and ours on top."""
    asked = {str(name): str(value) for name, value in (order.resource.get("tags") or {}).items()}
    ours = {INFRA: order.infra, INSTANCE: order.instance, NODE: order.node}
    return pairs({"Name": order.name} | asked | ours)


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as EC2 writes them."""
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def filters(**tags: str) -> list[dict[str, Any]]:
    """Return filters for tags, which may find too much (a filter is a pattern): `has` tells what is meant."""
    names = {"infra": INFRA, "instance": INSTANCE}
    return [
        {"Name": f"tag:{names[name]}", "Values": [re.sub(r"[*?\\\[\]]", "?", value)]}
        for name, value in tags.items()
    ]


def has(found: Mapping[str, Any], infra: str, instance: str | None = None) -> bool:
    """Say whether something has exactly these tags."""
    tags = said(found.get("Tags") or ())
    return tags.get(INFRA) == infra and instance in (None, tags.get(INSTANCE))


def said(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return tags as a mapping."""
    return {tag["Key"]: tag["Value"] for tag in tags}
