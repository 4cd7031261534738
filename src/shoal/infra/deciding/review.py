"""What is to become of each instance, one by one: who stays, who goes, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from shoal.base.clock import SECOND
from shoal.infra.deciding.following import Following
from shoal.infra.deciding.origin import Origins
from shoal.infra.deciding.patience import Patience
from shoal.infra.deciding.seeing import shown_before
from shoal.infra.deciding.targets import wanted
from shoal.infra.model import Description, Instance
from shoal.infra.states import LEAVING, State


class Fate(StrEnum):
    """What is to become of an instance."""

    KEEP = "keep"
    LEAVING = "leaving"
    LOST = "lost"
    REMOVED = "removed"
    CONDEMNED = "condemned"
    SURPLUS = "surplus"
    OUTDATED = "outdated"
    STALE = "stale"


class Verdict(NamedTuple):
    """An instance, its fate and the reason, as a person would say it."""

    instance: Instance
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants of an infrastructure."""

    description: Description
    targets: Mapping[str, int]
    condemned: Collection[str] = ()
    destroying: bool = False

    def number(self, node: str) -> int:
        """Return how many instances of a node should be there."""
        return 0 if self.destroying else wanted(self.description, self.targets, node)


_OLD_FIRST = {Fate.LOST: 0, Fate.OUTDATED: 1, Fate.STALE: 1, Fate.KEEP: 2}
_CHANGED = "its definition or its variables have changed"


def review(
    wish: Wanted, instances: Sequence[Instance], now: int, patience: Patience
) -> Mapping[str, list[Verdict]]:
    """Return the verdicts about all instances by node, those of the description first."""
    judge = _Judge(wish, instances, now, patience)
    found: dict[str, list[Verdict]] = {node.name: [] for node in wish.description.nodes}
    for instance in instances:
        if instance.state is not State.DROPPED:
            found.setdefault(instance.node, []).append(judge.verdict(instance))
    return {name: _without_surplus(verdicts, wish.number(name)) for name, verdicts in found.items()}


class _Judge:
    def __init__(self, wish: Wanted, instances: Sequence[Instance], now: int, patience: Patience) -> None:
        self._wish = wish
        self._origins = Origins(wish.description)
        self._following = Following(wish.description)
        self._nodes = {node.name for node in wish.description.nodes}
        self._condemned = frozenset(wish.condemned)
        self._present = {each.id for each in instances if each.state not in (*LEAVING, State.DROPPED)}
        self._now = now
        self._patience = patience

    def verdict(self, instance: Instance) -> Verdict:
        if instance.state in LEAVING:
            return Verdict(instance, Fate.LEAVING, instance.reason)
        if self._wish.destroying:
            return Verdict(instance, Fate.REMOVED, "the infrastructure is being destroyed")
        if instance.node not in self._nodes:
            return Verdict(instance, Fate.REMOVED, "its node is no longer in the description")
        if instance.id in self._condemned:
            return Verdict(instance, Fate.CONDEMNED, "it was chosen to go")
        if reason := self._lost(instance):
            return Verdict(instance, Fate.LOST, reason)
        if not self._origins.current(instance):
            return Verdict(instance, Fate.OUTDATED, _CHANGED)
        if gone := self._gone(instance):
            return Verdict(instance, Fate.STALE, f"an instance of {gone} that it knows is no longer there")
        return Verdict(instance, Fate.KEEP)

    def _gone(self, instance: Instance) -> str:
        """Return the node of an instance that this one follows and that is gone, "" if none is."""
        for node, ids in self._following.of(instance):
            if node not in self._nodes or not self._present.issuperset(ids):
                return node
        return ""

    def _lost(self, instance: Instance) -> str:
        if instance.state is State.FAILED:
            return instance.reason or "it failed"
        if instance.missing_since is not None and self._longer(instance.missing_since, self._grace(instance)):
            return "its provider no longer shows it"
        if instance.failing_since is not None and self._longer(instance.failing_since, self._limit(instance)):
            return f"it is not healthy: {instance.reason}"
        start = self._wish.description.policy.start_timeout
        if instance.state in (State.CREATING, State.PENDING) and self._longer(instance.since, start):
            why = f": {instance.reason}" if instance.reason else ""
            return f"it did not start within {start:g} seconds{why}"
        return ""

    def _grace(self, instance: Instance) -> float:
        if shown_before(instance):
            return self._patience.missing
        return max(self._patience.missing, self._patience.until_shown(instance.provider))

    def _limit(self, instance: Instance) -> float:
        made = self._origins.implementation(instance)
        return made.health.timeout if made is not None else 0.0

    def _longer(self, since: int, seconds: float) -> bool:
        return self._now - since > seconds * SECOND


def _without_surplus(verdicts: list[Verdict], number: int) -> list[Verdict]:
    """Turn so many of a node's instances into surplus as are more than wanted: first who serves least."""
    here = sorted((each for each in verdicts if each.fate in _OLD_FIRST), key=_usefulness)
    victims = {each.instance.id for each in here[: max(0, len(here) - number)]}
    return [_surplus(each) if each.instance.id in victims else each for each in verdicts]


def _surplus(verdict: Verdict) -> Verdict:
    return verdict._replace(fate=Fate.SURPLUS, reason="fewer are wanted")


def _usefulness(verdict: Verdict) -> tuple[bool, int, int, int]:
    instance = verdict.instance
    return instance.state is State.READY, _OLD_FIRST[verdict.fate], -instance.created, -instance.number
