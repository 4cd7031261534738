"""Who comes now: what is missing of a node, by an implementation that has room, within the budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shoal.base.clock import SECOND
from shoal.infra.deciding.origin import candidates
from shoal.infra.deciding.review import Fate, Verdict
from shoal.infra.deciding.scene import Scene, Setbacks
from shoal.infra.deciding.steps import Do, Step, Waiting

Prices = Mapping[tuple[str, int], float]


class Coming:
    """Plan new instances node after node; `spent` is what all machines cost an hour before that."""

    def __init__(self, scene: Scene, setbacks: Setbacks, prices: Prices, spent: float) -> None:
        self._scene = scene
        self._setbacks = setbacks
        self._prices = prices
        self._spent = spent

    def of(self, name: str) -> Iterator[Step | Waiting]:
        """Yield what is missing of a node, once all that it needs is there, or why it is not made."""
        verdicts = self._scene.verdicts[name]
        short = self._scene.number(name) - sum(self._occupies(each) for each in verdicts)
        if short <= 0:
            return
        offered = self._offered(name)
        shunned = self._setbacks.shunned.get(name, ())
        implementation = next((number for number in offered if number not in shunned), None)
        if name in self._setbacks.given_up:
            yield Waiting(name, "given_up", self._setbacks.given_up[name])
        elif not offered:
            yield Waiting(name, "given_up", f"no implementation of {name} passes its filter")
        elif not self._scene.is_settled_below(name):
            yield Waiting(name, "order", f"{name} is made after what it needs")
        elif implementation is None:
            yield Waiting(name, "no_capacity", f"no implementation of {name} has room now")
        else:
            yield from self._created(name, short, implementation)

    def _created(self, name: str, short: int, implementation: int) -> Iterator[Step | Waiting]:
        node, budget = self._scene.description.node(name), self._scene.policy.budget
        price = self._prices.get((node.type, implementation), 0.0) if node is not None else 0.0
        for number in _free(self._scene.verdicts[name], short):
            if budget is not None and self._spent + price > budget:
                yield Waiting(name, "over_budget", f"more of {name} would cost over {budget:g} an hour")
                return
            self._spent += price
            yield Step(Do.CREATE, name, "wanted", number=number, implementation=implementation)

    def _offered(self, name: str) -> list[int]:
        node = self._scene.description.node(name)
        return candidates(self._scene.description, node) if node is not None else []

    def _occupies(self, verdict: Verdict) -> bool:
        """Say whether an instance still has its place: also, for a while, one that leaves its machine."""
        if verdict.fate is not Fate.LEAVING:
            return verdict.fate is not Fate.SURPLUS
        leaving, swap = verdict.instance, self._scene.patience.swap
        return leaving.ref is not None and self._scene.now - leaving.since < swap * SECOND


def _free(verdicts: Sequence[Verdict], short: int) -> Iterator[int]:
    """Yield the smallest numbers that no instance of a node has."""
    taken = {each.instance.number for each in verdicts}
    number = 0
    while short:
        number += 1
        if number not in taken:
            short -= 1
            yield number
