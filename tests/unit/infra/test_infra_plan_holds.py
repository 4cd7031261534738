"""A plan is what the decisions come to, whatever was wished before and however far that got.

Wishes come in odd orders: numbers, definitions, nodes, dependencies and chosen ones, machines that die or are
not shown for a moment. Whatever is decided is done at once here, or some moments later, by a kind provider.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from shoal.base.clock import SECOND
from shoal.base.errors import Conflict
from shoal.infra.deciding.decision import Decision, Do, decide
from shoal.infra.deciding.levels import all_needed, needs
from shoal.infra.deciding.origin import fingerprint
from shoal.infra.deciding.plan import Act, Plan, plan
from shoal.infra.deciding.targets import Wish, scaled, wanted
from shoal.infra.model import Description, Edge, Implementation, Infrastructure, Instance, Node, Policy
from shoal.infra.states import Phase, State

LONG = 400  # moments after which something goes on without end


class World:
    """An infrastructure in memory: what is wished, and who is there."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.now = 1_000_000 * SECOND
        self.rows: list[Instance] = []
        self.made = 0
        self.limits: dict[str, tuple[int, int]] = {}
        self.versions: dict[str, int] = {}
        self.uses: dict[
            str, dict[str, bool]
        ] = {}  # the nodes that a template names; True: all their instances
        self.edges: set[tuple[str, str]] = set()
        self.wish = Wish({}, ())
        self.unavailable = chance.choice([1, 1, 2, 3])

    @property
    def description(self) -> Description:
        nodes = tuple(Node(name, name, *limits) for name, limits in self.limits.items())
        made = {
            name: (Implementation({"type": "simulated", "v": self.versions[name]}, dict(self.uses[name])),)
            for name in self.limits
        }
        edges = tuple(Edge(*pair) for pair in sorted(self.edges))
        return Description("lab", "me", nodes, edges, made, Policy(unavailable=self.unavailable))

    def plan(self) -> Plan:
        kept: Any = ("i", "me", "lab", Phase.READY, {}, *self.wish, True, False, 1, 1, None, None, 0, 0, None)
        return plan(Infrastructure(*kept), self.description, self.rows, self.now + SECOND)

    def decide(self) -> Decision:
        return decide(self.description, *self.wish, False, self.rows, self.now)

    def live(self, moments: int) -> bool:
        """Do what is decided for some moments; say whether nothing is left to do."""
        for _ in range(moments):
            self.now += SECOND
            found = self.decide()
            self._check_care(found)
            for step in found.steps:
                if step.do is Do.CREATE:
                    self._plan(step.node, step.number)
                else:
                    self._turn(str(step.instance), state=State.DROPPING, since=self.now)
            before, self.rows = self.rows, [new for row in self.rows if (new := self._later(row)) is not None]
            is_still = before == self.rows and all(row.state is State.READY for row in self.rows)
            if (is_still and not found.steps) or found.brake:
                there = {row.id for row in self.rows}
                self.wish = self.wish._replace(condemned=tuple(there & {*self.wish.condemned}))
                return True
        return False

    def _check_care(self, found: Decision) -> None:
        """Fail when more leave, for being made otherwise today, than may be missing."""
        rolled = ("its definition", "an instance of")
        going = {step.instance for step in found.steps if step.reason.startswith(rolled)}
        for name in self.limits:
            served = [row for row in self.rows if row.node == name and row.ready and row.state in _HERE]
            left = [row for row in served if row.id not in going]
            number = wanted(self.description, self.wish.targets, name)
            assert left == served or len(left) >= number - self.unavailable

    def _plan(self, name: str, number: int) -> None:
        self.made += 1
        hash_ = fingerprint(self.description, name, 0)
        fixed: Any = (f"{name}{self.made}", "i", name, number, State.PLANNED, "simulated", 0, {}, hash_, "x")
        row = Instance(*fixed)
        self.rows.append(row._replace(created=self.now + self.made, since=self.now))

    def _turn(self, id: str, **change: Any) -> None:
        self.rows = [row._replace(**change) if row.id == id else row for row in self.rows]

    def _later(self, row: Instance) -> Instance | None:
        """Return what a moment makes of an instance."""
        if row.missing_since is not None and self.now - row.missing_since > 5 * SECOND:
            return row._replace(state=State.READY, missing_since=None)
        if row.state not in (State.DROPPING, State.PLANNED) or self.chance.random() < 0.3:
            return row
        if row.state is State.DROPPING:
            return None
        return row._replace(state=State.READY, ready=self.now, ref="r", saw=dict(self._saw(row.node)))

    def _saw(self, name: str) -> Iterator[tuple[str, list[str]]]:
        for other, all_ in self.uses[name].items():
            ready = [row.id for row in self.rows if row.node == other and row.state is State.READY]
            assert ready or all_, f"{name} is made before {other}"
            yield other, ready if all_ else ready[:1]

    def wish_something(self) -> None:
        getattr(self, self.chance.choice(_WISHES))(self.chance.choice([*self.limits] or ["a"]))

    def add(self, _: str) -> None:
        self._limit(self.chance.choice("abcde"))

    def limit(self, name: str) -> None:
        self._limit(name)

    def _limit(self, name: str) -> None:
        least = self.chance.randint(1, 3)
        self.limits[name] = (least, least + self.chance.randint(0, 3))
        self.versions.setdefault(name, 0)
        self.uses.setdefault(name, {})

    def change(self, name: str) -> None:
        self.versions[name] = self.chance.randint(0, 2)

    def remove(self, name: str) -> None:
        self.limits.pop(name, None)
        self.edges = {pair for pair in self.edges if name not in pair}
        self.wish = self.wish._replace(targets={k: v for k, v in self.wish.targets.items() if k != name})
        self._forget_uses()

    def depend(self, name: str) -> None:
        other = self.chance.choice([*self.limits] or ["a"])
        if other != name and name not in self._before(other) and name in self.limits:
            self.edges.add((name, other))

    def part(self, name: str) -> None:
        self.edges = {pair for pair in self.edges if pair[0] != name}
        self._forget_uses()

    def use(self, name: str) -> None:
        if name in self.limits:
            other = self.chance.choice(sorted(self._before(name) | {name}))
            self.uses[name] = {other: other == name or self.chance.random() < 0.5}

    def scale(self, name: str) -> None:
        if name in self.limits:
            self.wish = scaled(
                self.description, self.wish, [], name, to=self.chance.randint(*self.limits[name])
            )

    def choose(self, name: str) -> None:
        there = [row.id for row in self.rows if row.node == name and row.state in _HERE]
        if there and name in self.limits:
            with suppress(Conflict):
                chosen = self.chance.choice(there)
                self.wish = scaled(self.description, self.wish, self.rows, name, drop=chosen)

    def die(self, name: str) -> None:
        there = [row.id for row in self.rows if row.node == name and row.state is State.READY]
        if there:
            self._turn(self.chance.choice(there), state=State.FAILED)

    def blink(self, name: str) -> None:
        for row in self.rows:
            if row.node == name and row.state is State.READY:
                self._turn(row.id, state=State.AILING, missing_since=self.now)

    def _before(self, name: str) -> frozenset[str]:
        return all_needed(needs(self.description), name)

    def _forget_uses(self) -> None:
        for name in self.limits:
            known = self._before(name) | {name}
            self.uses[name] = {other: all_ for other, all_ in self.uses[name].items() if other in known}


_HERE = frozenset({State.READY, State.AILING})
_WISHES = (
    "add",
    "limit",
    "change",
    "remove",
    "depend",
    "part",
    "use",
    "use",
    "scale",
    "choose",
    "die",
    "blink",
)


@pytest.mark.parametrize("seed", range(8))
def test_what_a_plan_says_is_what_comes_of_it(seed: int) -> None:
    chance = Random(seed)
    for _ in range(60):
        world = World(chance)
        for _ in range(chance.randint(2, 8)):
            for _ in range(chance.randint(1, 4)):
                world.wish_something()
                world.live(chance.choice([0, 0, 1, 3]))
            if world.decide().brake:
                break
            told, before = world.plan(), {row.id for row in world.rows}
            assert world.live(LONG), "it goes on without end"
            after = {row.id for row in world.rows}
            assert {step.instance for step in told.steps if step.act is Act.KEEP} == before & after
            made = Counter(row.node for row in world.rows if row.id not in before)
            assert made == Counter(step.node for step in told.steps if step.act in (Act.CREATE, Act.REPLACE))
            description, targets = world.description, world.wish.targets
            numbers = {node.name: wanted(description, targets, node.name) for node in description.nodes}
            assert Counter(row.node for row in world.rows) == numbers
            assert world.plan().changes == 0
