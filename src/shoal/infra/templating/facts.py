"""What the templates of one instance may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shoal.infra.model import Description, Implementation, Instance
from shoal.infra.states import State
from shoal.infra.templating.keys import mended

# Who is unwell for a moment is there: what is made meanwhile would never hear of it.
_THERE = frozenset({State.READY, State.AILING})
CONSTANTS = ("infra_name", "infra_id", "name", "node_id", "user_id", "number", "machine_name")


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and their values; all are JSON.

    `constants` and `keys` (those of the description and of the definition) are names of their own,
    `variables` are below that name. `nodes` has the ready instances of every node of the description, the
    oldest first, then those that were ready and are unwell just now: each with `id`, `addresses`, `private`
    and `created`. `own` has the instance's own `id`, `addresses` and `private`; once it has addresses, the
    first is `ip`.
    """

    constants: Mapping[str, Any]
    variables: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[str, Any] = field(default_factory=dict)
    nodes: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)

    def names(self) -> dict[str, Any]:
        """Return the names that templates may use, without the functions; what comes later wins."""
        bare = {name: name for name in self.nodes}
        addresses = self.own.get("addresses") or ()
        ip = {"ip": addresses[0]} if addresses else {}
        return {**bare, **self.keys, "variables": mended(self.variables), **ip, **self.constants}

    def knowing(self, **keys: Any) -> Facts:
        """Return the same facts with further keys."""
        return replace(self, keys={**self.keys, **keys})


def facts_for(
    infra: str,
    description: Description,
    implementation: Implementation,
    instance: Instance,
    instances: Iterable[Instance],
) -> Facts:
    """Return what the templates of an instance may use; `instances` are those of the whole infrastructure."""
    node = description.node(instance.node)
    if node is None:
        raise ValueError(f"there is no node {instance.node} in {description.name}")
    constants = (description.name, infra, node.name, instance.id, description.user_id, instance.number)
    return Facts(
        constants=dict(zip(CONSTANTS, (*constants, instance.name), strict=True)),
        variables=node.variables,
        keys={
            "type": node.type,
            "scaling": {"min": node.least, "max": node.most},
            "filter": node.filter,
            "resource": implementation.resource,
            "health_check": asdict(implementation.health),
        },
        nodes=_ready(description, instances),
        own={"id": instance.id, "addresses": list(instance.addresses), "private": instance.private},
    )


def _rank(instance: Instance) -> tuple[bool, int, int]:
    return instance.state is not State.READY, instance.created, instance.number


def _ready(description: Description, instances: Iterable[Instance]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {node.name: [] for node in description.nodes}
    for each in sorted(instances, key=_rank):
        if each.state in _THERE and each.node in found:
            known = {"id": each.id, "addresses": list(each.addresses), "private": each.private}
            found[each.node].append({**known, "created": each.created})
    return found
