"""What is to be done next about an infrastructure, from its rows alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from shoal.base.clock import SECOND
from shoal.infra.deciding.cost import cost, prices
from shoal.infra.deciding.levels import levels, needs
from shoal.infra.deciding.origin import candidates
from shoal.infra.deciding.patience import Patience
from shoal.infra.deciding.review import Fate, Verdict, Wanted, review
from shoal.infra.model import Description, Instance
from shoal.infra.states import State


class Do(StrEnum):
    """What a step does: plan a new instance, or let one go (drain it, then drop it)."""

    CREATE = "create"
    RETIRE = "retire"


class Step(NamedTuple):
    """One thing to do now.

    `instance` is who goes, `lost` says that it failed; `number` and `implementation` are of who comes.
    """

    do: Do
    node: str
    reason: str
    instance: str | None = None
    number: int = 0
    implementation: int = 0
    lost: bool = False


class Waiting(NamedTuple):
    """Why a node is not as it is wanted though nothing is done about it now."""

    node: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The steps to do now, and what waits and why.

    `brake` tells for nodes why a person must release the replacement of the instances `held`.
    """

    steps: tuple[Step, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    brake: Mapping[str, str] = field(default_factory=dict)
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setbacks:
    """What went wrong in a pass: nodes of which no more are made, and implementations passed over for now."""

    given_up: Mapping[str, str] = field(default_factory=dict)
    shunned: Mapping[str, Collection[int]] = field(default_factory=dict)


def decide(
    description: Description,
    targets: Mapping[str, int],
    condemned: Collection[str],
    destroying: bool,
    instances: Sequence[Instance],
    now: int,
    *,
    patience: Patience | None = None,
    setbacks: Setbacks | None = None,
    released: bool = False,
    known: Mapping[tuple[str, int], float] | None = None,
) -> Decision:
    """Return what to do now; the same rows give the same decision, and done steps are not decided again.

    `released`: a person lets many instances be replaced at once. `known` are prices by type and
    implementation, as providers tell them.
    """
    patience, wish = patience or Patience(), Wanted(description, targets, condemned, destroying)
    verdicts = review(wish, instances, now, patience)
    if destroying:
        return Decision(tuple(_torn_down(description, verdicts)))
    costs = {**(known or {}), **prices(description, instances)}
    given = _Given(now, patience, setbacks or Setbacks(), released, costs, cost(instances))
    return _Decider(wish, verdicts, instances, given).decision()


def _torn_down(description: Description, verdicts: Mapping[str, list[Verdict]]) -> Iterator[Step]:
    """Yield who goes now: nobody before all who need it have at least been drained."""
    busy = {name for name, all_ in verdicts.items() if any(not _dropping(each) for each in all_)}
    used = {needed for name, all_ in needs(description).items() if name in busy for needed in all_}
    for name, all_ in verdicts.items():
        if name not in used:
            yield from (_retired(each) for each in all_ if each.fate is Fate.REMOVED)


class _Given(NamedTuple):
    now: int
    patience: Patience
    setbacks: Setbacks
    released: bool
    prices: Mapping[tuple[str, int], float]
    spent: float


class _Decider:
    def __init__(
        self,
        wish: Wanted,
        verdicts: Mapping[str, list[Verdict]],
        instances: Sequence[Instance],
        given: _Given,
    ) -> None:
        self._wish = wish
        self._description = wish.description
        self._policy = wish.description.policy
        self._verdicts = verdicts
        self._now, self._patience, self._setbacks, self._released, self._prices, self._spent = given
        self._needs = needs(wish.description)
        self._known = {id_ for each in instances if _stands(each) for ids in each.saw.values() for id_ in ids}
        self._steps: list[Step] = []
        self._waiting: list[Waiting] = []
        self._brake: dict[str, str] = {}
        self._held: list[str] = []

    def decision(self) -> Decision:
        order = [name for level in levels(self._description) for name in level]
        for name in order:
            self._let_go(name)
            self._roll(name)
            self._fill(name)
        for name in self._verdicts.keys() - set(order):
            self._take_away(name)
        return Decision(tuple(self._steps), tuple(self._waiting), self._brake, tuple(self._held))

    def _let_go(self, name: str) -> None:
        """Retire who was chosen, who is too many, and, unless that would be too many at once, who is lost."""
        verdicts = self._verdicts[name]
        self._steps += [_retired(each) for each in verdicts if each.fate in (Fate.CONDEMNED, Fate.SURPLUS)]
        lost = [each for each in verdicts if each.fate is Fate.LOST]
        served = [each for each in lost if each.instance.ready is not None]
        if served and (reason := self._braked(name)):
            self._brake[name] = reason
            self._waiting.append(Waiting(name, "brake", reason))
            self._held += [each.instance.id for each in served]
            lost = [each for each in lost if each.instance.ready is None]
        self._steps += [_retired(each) for each in lost]

    def _braked(self, name: str) -> str:
        unwell = [each for each in self._verdicts[name] if _unwell(each)]
        number = self._wish.number(name)
        if self._released or len(unwell) <= max(1.0, self._policy.brake * number):
            return ""
        return f"{len(unwell)} of {number} instances of {name} fail: too many to replace them unasked"

    def _roll(self, name: str) -> None:
        """Retire instances that are made otherwise today, so few at once as the policy says."""
        old = [each for each in self._verdicts[name] if each.fate in (Fate.OUTDATED, Fate.STALE)]
        if not old:
            return
        if not self._settled_below(name):
            self._waiting.append(Waiting(name, "order", f"{name} is replaced after what it needs"))
            return
        given_up = name in self._setbacks.given_up
        ready = [each for each in old if each.instance.state is State.READY]
        idle = [each for each in old if each not in ready and not (given_up and each.instance.ready)]
        allowed = 0 if given_up else max(0, self._spare(name))
        chosen = idle + sorted(ready, key=lambda each: each.instance.created)[:allowed]
        self._steps += [_retired(each) for each in chosen]
        if len(chosen) < len(old):
            self._waiting.append(Waiting(name, "rolling", f"{len(old)} of {name} are replaced in turn"))

    def _spare(self, name: str) -> int:
        """Return how many instances of a node may become unavailable now."""
        staying = [each for each in self._verdicts[name] if _serves(each)]
        return self._policy.unavailable - (self._wish.number(name) - len(staying))

    def _fill(self, name: str) -> None:
        """Plan what is missing of a node, once all that it needs is there."""
        short = self._wish.number(name) - sum(self._occupies(each) for each in self._verdicts[name])
        if short <= 0:
            return
        if name in self._setbacks.given_up:
            self._waiting.append(Waiting(name, "given_up", self._setbacks.given_up[name]))
        elif not self._offered(name):
            self._waiting.append(Waiting(name, "given_up", f"no implementation of {name} passes its filter"))
        elif not self._settled_below(name):
            self._waiting.append(Waiting(name, "order", f"{name} is made after what it needs"))
        elif (implementation := self._implementation(name)) is None:
            self._waiting.append(Waiting(name, "no_capacity", f"no implementation of {name} has room now"))
        else:
            self._create(name, short, implementation)

    def _create(self, name: str, short: int, implementation: int) -> None:
        node = self._description.node(name)
        price = self._prices.get((node.type, implementation), 0.0) if node is not None else 0.0
        for number in _free(self._verdicts[name], short):
            if self._policy.budget is not None and self._spent + price > self._policy.budget:
                reason = f"more of {name} would cost over {self._policy.budget:g} an hour"
                self._waiting.append(Waiting(name, "over_budget", reason))
                return
            self._spent += price
            self._steps.append(Step(Do.CREATE, name, "wanted", number=number, implementation=implementation))

    def _implementation(self, name: str) -> int | None:
        shunned = self._setbacks.shunned.get(name, ())
        return next((number for number in self._offered(name) if number not in shunned), None)

    def _offered(self, name: str) -> list[int]:
        node = self._description.node(name)
        return candidates(self._description, node) if node is not None else []

    def _take_away(self, name: str) -> None:
        """Retire instances of a node that was removed, once nobody uses them any more."""
        for each in self._verdicts[name]:
            if each.fate is not Fate.REMOVED:
                continue
            if each.instance.id in self._known:
                self._waiting.append(Waiting(name, "order", f"{name} goes after those that use it"))
            else:
                self._steps.append(_retired(each))

    def _settled_below(self, name: str) -> bool:
        return all(self._settled(needed) for needed in self._needs[name])

    def _settled(self, name: str) -> bool:
        """Say whether a node is as it is wanted: so many ready ones, and none to be replaced."""
        fates = [each for each in self._verdicts[name] if each.fate is Fate.KEEP]
        ready = sum(each.instance.state is State.READY for each in fates)
        return ready >= self._wish.number(name)

    def _occupies(self, verdict: Verdict) -> bool:
        """Say whether an instance still has its place: also, for a while, one that leaves its machine."""
        if verdict.fate is not Fate.LEAVING:
            return verdict.fate is not Fate.SURPLUS
        leaving = verdict.instance
        return leaving.ref is not None and self._now - leaving.since < self._patience.swap * SECOND


def _retired(verdict: Verdict) -> Step:
    lost = verdict.fate is Fate.LOST
    return Step(Do.RETIRE, verdict.instance.node, verdict.reason, verdict.instance.id, lost=lost)


def _dropping(verdict: Verdict) -> bool:
    return verdict.instance.state is State.DROPPING


def _stands(instance: Instance) -> bool:
    return instance.state not in (State.DRAINING, State.DROPPING, State.DROPPED)


def _serves(verdict: Verdict) -> bool:
    staying = verdict.fate in (Fate.KEEP, Fate.OUTDATED, Fate.STALE)
    return staying and verdict.instance.state is State.READY


def _unwell(verdict: Verdict) -> bool:
    instance = verdict.instance
    failing = verdict.fate is Fate.LOST or instance.state in (State.AILING, State.FAILED)
    staying = verdict.fate in (Fate.LOST, Fate.KEEP, Fate.OUTDATED, Fate.STALE)
    return failing and staying and instance.ready is not None


def _free(verdicts: Sequence[Verdict], short: int) -> Iterator[int]:
    """Yield the smallest numbers that no instance of a node has."""
    taken = {each.instance.number for each in verdicts}
    number = 0
    while short:
        number += 1
        if number not in taken:
            short -= 1
            yield number
