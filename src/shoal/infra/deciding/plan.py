"""What a wish would do, told before anything is touched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

from shoal.infra.deciding.cost import cost, prices
from shoal.infra.deciding.decision import decide
from shoal.infra.deciding.following import Following
from shoal.infra.deciding.levels import levels
from shoal.infra.deciding.origin import candidates
from shoal.infra.deciding.patience import Patience
from shoal.infra.deciding.review import Fate, Verdict, Wanted, review
from shoal.infra.model import Description, Infrastructure, Instance, Node
from shoal.infra.redaction import secrets_in
from shoal.infra.states import Phase


class Act(StrEnum):
    """What would become of an instance."""

    CREATE = "create"
    REPLACE = "replace"
    DROP = "drop"
    KEEP = "keep"


class Planned(NamedTuple):
    """One line of a plan: an instance (None: a new one), its future, and why; prices are per hour."""

    act: Act
    node: str
    reason: str
    level: int | None
    instance: str | None = None
    name: str | None = None
    addresses: tuple[str, ...] = ()
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a wish would do to an infrastructure (`infra` None: to a new one).

    `levels` is the order of making, `ports` those that must be reachable, by node. `cost_now` and `cost` are
    per hour, as far as prices are known. `turn` and `fingerprint` are of the state that the plan was made of:
    when they have changed it is stale. `description` is the plain wish, where it is to be applied.
    """

    infra: str | None
    name: str
    turn: int
    fingerprint: str
    levels: tuple[tuple[str, ...], ...]
    steps: tuple[Planned, ...]
    ports: Mapping[str, tuple[int, ...]]
    cost_now: float
    cost: float
    warnings: tuple[str, ...] = ()
    description: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        """Return how many instances would be made, replaced or dropped."""
        return sum(step.act is not Act.KEEP for step in self.steps)


_ACTS = {
    Fate.KEEP: Act.KEEP,
    Fate.LOST: Act.REPLACE,
    Fate.OUTDATED: Act.REPLACE,
    Fate.STALE: Act.REPLACE,
    Fate.CONDEMNED: Act.DROP,
    Fate.SURPLUS: Act.DROP,
    Fate.REMOVED: Act.DROP,
    Fate.LEAVING: Act.DROP,
}


def plan(
    infrastructure: Infrastructure | None,
    description: Description,
    instances: Sequence[Instance],
    now: int,
    *,
    destroying: bool = False,
) -> Plan:
    """Return what making an infrastructure like a description would do.

    Raises:
        InvalidInput: nodes need each other in a circle.
    """
    destroying = destroying or (infrastructure is not None and infrastructure.phase is Phase.DESTROYING)
    targets = infrastructure.targets if infrastructure is not None else {}
    condemned = infrastructure.condemned if infrastructure is not None else ()
    wish = Wanted(description, targets, condemned, destroying)
    order = levels(description)
    verdicts = _followed(review(wish, instances, now, Patience()), Following(description))
    released = infrastructure is not None and infrastructure.released
    decision = decide(description, targets, condemned, destroying, instances, now, released=released)
    rows = _Rows(wish, order, instances)
    steps = tuple(step for name, all_ in verdicts.items() for step in rows.of(name, all_))
    after = sum(step.price or 0.0 for step in steps if step.act is not Act.DROP)
    return Plan(
        infra=infrastructure.id if infrastructure is not None else None,
        name=description.name,
        turn=infrastructure.turn if infrastructure is not None else 0,
        fingerprint=state_of(infrastructure, instances),
        levels=tuple(tuple(level) for level in order),
        steps=steps,
        ports={node.name: found for node in description.nodes if (found := _ports(description, node))},
        cost_now=cost(instances),
        cost=after,
        warnings=tuple(_warnings(wish, after, decision.brake.values())),
    )


def state_of(infrastructure: Infrastructure | None, instances: Sequence[Instance]) -> str:
    """Return a hash of what a plan is made of: the wish so far, and who is there in which state."""
    wish = (infrastructure.id, infrastructure.turn) if infrastructure is not None else None
    rows = sorted((each.id, each.state.value, each.hash) for each in instances)
    return sha256(json.dumps([wish, rows]).encode()).hexdigest()[:32]


class _Rows:
    def __init__(self, wish: Wanted, order: list[list[str]], instances: Sequence[Instance]) -> None:
        self._wish = wish
        self._levels = {name: number for number, level in enumerate(order) for name in level}
        self._prices = prices(wish.description, instances)
        self._nodes = {node.name: node for node in wish.description.nodes}

    def of(self, name: str, verdicts: list[Verdict]) -> Iterator[Planned]:
        price = self._price(name)
        staying = 0
        for verdict in verdicts:
            act, row = _ACTS[verdict.fate], verdict.instance
            staying += act is not Act.DROP
            is_new = act is Act.REPLACE or row.price is None
            cost_of = price if is_new and price is not None else row.price
            yield Planned(
                act, name, verdict.reason, self._levels.get(name), row.id, row.name, row.addresses, cost_of
            )
        for _ in range(self._wish.number(name) - staying):
            yield Planned(Act.CREATE, name, "wanted", self._levels.get(name), price=price)

    def _price(self, name: str) -> float | None:
        if (node := self._nodes.get(name)) is None:
            return None
        offered = candidates(self._wish.description, node)
        return self._prices.get((node.type, offered[0])) if offered else None


def _followed(verdicts: Mapping[str, list[Verdict]], following: Following) -> Mapping[str, list[Verdict]]:
    """Also turn stale who follows an instance that is replaced, and so on up."""
    found = {name: list(all_) for name, all_ in verdicts.items()}
    going = {each.instance.id: each for all_ in found.values() for each in all_ if each.fate is not Fate.KEEP}
    changed = True
    while changed:
        changed = False
        for all_ in found.values():
            for place, each in enumerate(all_):
                if each.fate is Fate.KEEP and (node := _gone(each.instance, going, following)):
                    reason = f"an instance of {node} that it knows is replaced or goes"
                    all_[place] = going[each.instance.id] = each._replace(fate=Fate.STALE, reason=reason)
                    changed = True
    return found


def _gone(instance: Instance, going: Mapping[str, Verdict], following: Following) -> str:
    return next((node for node, ids in following.of(instance) if any(id_ in going for id_ in ids)), "")


def _ports(description: Description, node: Node) -> tuple[int, ...]:
    offered = description.definitions.get(node.type, ())
    return tuple(
        sorted({port for number in candidates(description, node) for port in offered[number].health.ports})
    )


def _warnings(wish: Wanted, cost_after: float, braked: Iterable[str]) -> Iterator[str]:
    budget = wish.description.policy.budget
    if budget is not None and cost_after > budget:
        yield f"The machines would cost {cost_after:g} an hour, more than the budget of {budget:g}."
    for reason in braked:
        yield f"{reason}. `shoal infra release` lets them be replaced."
    for node in wish.description.nodes:
        if not candidates(wish.description, node):
            yield f"No implementation of {node.type} passes the filter of {node.name}."
    named = (secrets_in(node.variables, "variables") for node in wish.description.nodes)
    for name in dict.fromkeys(each for one in named for each in one):
        yield f"`{name}` is a secret that the database would keep; secret('NAME') in a template makes one."
