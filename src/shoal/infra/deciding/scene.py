"""What a decision is made from: verdicts about all instances, and what else counts at this moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from shoal.infra.deciding.levels import needs
from shoal.infra.deciding.patience import Patience
from shoal.infra.deciding.review import Fate, Verdict, Wanted
from shoal.infra.states import State


@dataclass(frozen=True, slots=True)
class Setbacks:
    """What went wrong in a pass: nodes of which no more are made, and implementations passed over for now."""

    given_up: Mapping[str, str] = field(default_factory=dict)
    shunned: Mapping[str, Collection[int]] = field(default_factory=dict)


class Scene:
    """A wish, and how far each node is from it."""

    def __init__(
        self, wish: Wanted, verdicts: Mapping[str, Sequence[Verdict]], now: int, patience: Patience
    ) -> None:
        self.description = wish.description
        self.policy = wish.description.policy
        self.verdicts = verdicts
        self.number = wish.number
        self.now = now
        self.patience = patience
        self._needs = needs(wish.description)

    def is_settled_below(self, name: str) -> bool:
        """Say whether all that a node needs is as it is wanted."""
        return all(self._is_settled(needed) for needed in self._needs[name])

    def _is_settled(self, name: str) -> bool:
        """Say whether a node is as it is wanted: so many ready ones, and none to be replaced."""
        fates = [each for each in self.verdicts[name] if each.fate is Fate.KEEP]
        return sum(each.instance.state is State.READY for each in fates) >= self.number(name)
