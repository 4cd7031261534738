"""How many instances of a node are wanted, and what a request to scale makes of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.infra.model import Description, Instance
from shoal.infra.states import LEAVING


class Wish(NamedTuple):
    """The wanted numbers of scaled nodes, and the instances that somebody chose to drop."""

    targets: Mapping[str, int]
    condemned: tuple[str, ...]


def wanted(description: Description, targets: Mapping[str, int], name: str) -> int:
    """Return how many instances of a node should be there: 0 for one that is not in the description."""
    if (node := description.node(name)) is None:
        return 0
    return max(node.least, min(targets.get(name, node.least), node.most))


def scaled(
    description: Description,
    wish: Wish,
    instances: Iterable[Instance],
    node: str,
    *,
    to: int | None = None,
    by: int | None = None,
    drop: str | None = None,
) -> Wish:
    """Return the wish after one request: to a number, by a difference, or without a chosen instance.

    `drop` is the id of an instance or one of its addresses; the number wanted falls by one with it, so that
    requests add up however they follow each other.

    Raises:
        NotFound: there is no such node, or it has no such instance.
        InvalidInput: not exactly one of `to`, `by` and `drop` is given.
        Conflict: the number would leave the node's limits, or the instance is leaving already.
    """
    if sum(each is not None for each in (to, by, drop)) != 1:
        raise InvalidInput("Say one of: to a number, by a difference, or which instance goes.")
    if description.node(node) is None:
        names = ", ".join(each.name for each in description.nodes)
        raise NotFound(f"The infrastructure has no node {node!r}.", hint=f"It has {names}.", node=node)
    now = wanted(description, wish.targets, node)
    if drop is not None:
        victim = _victim([each for each in instances if each.node == node], node, drop)
        if victim.id in wish.condemned:
            raise Conflict(f"The instance {victim.id} is leaving already.", instance=victim.id)
        number = _within(description, node, now - 1)
        return Wish({**wish.targets, node: number}, (*wish.condemned, victim.id))
    number = _within(description, node, to if to is not None else now + (by or 0))
    return wish._replace(targets={**wish.targets, node: number})


def _victim(instances: Iterable[Instance], node: str, chosen: str) -> Instance:
    for each in instances:
        if each.state not in LEAVING and chosen in (each.id, each.private, *each.addresses):
            return each
    raise NotFound(
        f"The node {node!r} has no instance {chosen}.", hint="Give its id or one of its addresses."
    )


def _within(description: Description, name: str, number: int) -> int:
    node = description.node(name)
    if node is None or not node.least <= number <= node.most:
        least, most = (node.least, node.most) if node is not None else (0, 0)
        raise Conflict(
            f"The node {name!r} cannot have {number} instances: it has at least {least} and at most {most}.",
            hint="Change `scaling` in the description.",
            node=name,
            least=least,
            most=most,
        )
    return number
