"""One infrastructure that is kept: what is known of it, and whether it needs a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from typing import Any

from shoal.base.clock import SECOND
from shoal.base.errors import ShoalError
from shoal.infra.deciding.decision import Decision, decide
from shoal.infra.deciding.origin import Origins
from shoal.infra.deciding.patience import Patience
from shoal.infra.deciding.seeing import checked, seen
from shoal.infra.errors import Braked
from shoal.infra.model import Health, Instance
from shoal.infra.passes.clouds import Clouds, Look, confirmed, place_of
from shoal.infra.passes.health.checks import Answering, trouble
from shoal.infra.passes.journal import Ask, Attached, Change, Journal
from shoal.infra.passes.preparing import Preparer
from shoal.infra.passes.times import brought_back
from shoal.infra.plain import description_of
from shoal.infra.providers.provider import Machine, Standing
from shoal.infra.states import Phase, State

_WATCHED = frozenset({State.READY, State.AILING, State.FAILED})
_AFTER_FAILURE = 30.0  # seconds before a pass that failed is repeated unasked
_LONGEST = 600.0  # seconds between two passes that do not help
_YOUNG = 300.0  # seconds that a machine must have been well, so that another in its place is thought to help


class Kept:
    """Look at an infrastructure's machines and write down since when something is wrong with them."""

    def __init__(self, ask: Ask, clouds: Clouds, prepare: Preparer, clock: Callable[[], int]) -> None:
        self._ask = ask
        self._clouds = clouds
        self._prepare = prepare
        self._clock = clock
        self._health: dict[tuple[str, tuple[str, ...]], Health] = {}
        self._strays: frozenset[str] = frozenset()
        self._asked = 0
        self._pause = 0.0

    def learn(self, told: Attached) -> None:
        """Take over what the house has told."""
        self._infra = told.infrastructure
        # The last that is told of a pass may be its end as it says it itself, when its job is still there.
        self._working = told.working and self._infra.done < self._infra.turn
        self._rows = {each.id: each for each in told.instances}
        self._description = description_of(told.infrastructure.description)
        self._origins = Origins(self._description)
        self._health = {}

    def keep(self, pool: Executor, interval: float, patience: Patience) -> None:
        """Look once; ask for a pass when one would do something, seldom when passes do not help."""
        if self._working:
            return
        found = self.look(pool)
        strays = frozenset(found.machines) - self._rows.keys()
        again, self._strays = strays & self._strays, strays
        pause = self._pause_now()
        if (again or self._needs_a_pass(found, patience)) and self._may_ask(pause):
            self._asked, self._pause = self._clock(), min(max(interval, pause * 2), _LONGEST)
            self._working = Journal(self._ask, self._infra.id).heal(self._infra.turn)

    def look(self, pool: Executor) -> Look:
        """Write down what machines look like and how well they are, and return what providers showed."""
        journal = Journal(self._ask, self._infra.id)
        self._write(journal, brought_back(self._rows.values(), self._clock()))
        found = self._clouds.look(self._infra.id, self._rows.values())
        self._write(journal, [*self._seen(found)])
        self._write(journal, [*self._checked(found, pool)])
        return found

    def _pause_now(self) -> float:
        """Return how long ago the last pass must be: nothing, where passes have helped."""
        helped = self._infra.phase is Phase.READY and not self._do_young_ones_fail()
        return 0.0 if helped or self._is_over(self._asked, self._pause + _LONGEST) else self._pause

    def _do_young_ones_fail(self) -> bool:
        unwell = (row for row in self._rows.values() if row.state is not State.READY)
        ages = [row.since - row.ready for row in unwell if row.ready is not None]
        return bool(ages) and max(ages) < _YOUNG * SECOND

    def _may_ask(self, pause: float) -> bool:
        failed = self._infra.changed if self._infra.phase is Phase.FAILED else 0
        return self._is_over(self._asked, pause) and self._is_over(failed, _AFTER_FAILURE)

    def _is_over(self, since: int, seconds: float) -> bool:
        """Say whether a pause is over; one that has yet to begin is, for the clock was set back."""
        return not 0 <= self._clock() - since < seconds * SECOND

    def _needs_a_pass(self, found: Look, patience: Patience) -> bool:
        wish, rows = self._infra, confirmed(self._rows.values(), found)
        decision = decide(
            self._description, wish.targets, wish.condemned, False, rows, self._clock(), patience=patience
        )
        settled = all(each.state in _WATCHED for each in rows)
        return bool(decision.steps) or not settled or self._is_phase_wrong(decision)

    def _is_phase_wrong(self, decision: Decision) -> bool:
        if decision.brake and (self._infra.error or {}).get("code") != Braked.code:
            return True  # Nobody has been told yet that a person must release it.
        well = not decision.waiting and all(each.state is State.READY for each in self._rows.values())
        return well is not (self._infra.phase is Phase.READY)

    def _write(self, journal: Journal, changes: list[Change]) -> None:
        if not changes:
            return
        refused = journal.change(changes)
        for change in changes:
            if change["id"] not in refused:
                fields = {name: value for name, value in change.items() if name not in ("id", "was")}
                self._rows[change["id"]] = self._rows[change["id"]]._replace(**fields)

    def _seen(self, found: Look) -> Iterable[Change]:
        now = self._clock()
        for row in self._rows.values():
            if row.state in _WATCHED and place_of(row) in found.answered:
                machine = found.machines.get(row.id)
                if change := seen(row, machine, self._clouds.of(row).contextualises, now):
                    yield {"id": row.id, "was": row.state, **change}

    def _checked(self, found: Look, pool: Executor) -> Iterable[Change]:
        rows = [row for row in self._rows.values() if row.state in (State.READY, State.AILING)]
        rows = [row for row in rows if _runs(found.machines.get(row.id))]
        for row, reason in zip(rows, self._troubles(rows, pool), strict=True):
            if change := checked(row, reason, self._clock()):
                yield {"id": row.id, "was": row.state, **change}

    def _troubles(self, rows: list[Instance], pool: Executor) -> Iterable[str]:
        answering: dict[Any, Mapping[str, str]] = {}
        for row in rows:
            provider = self._clouds.of(row)
            if isinstance(provider, Answering) and provider not in answering:
                answering[provider] = provider.troubles(self._infra.id)

        def one(row: Instance) -> str:
            known = answering.get(self._clouds.of(row))
            return self._trouble(row) if known is None else known.get(row.id, "")

        return map(one, rows) if answering else pool.map(one, rows)

    def _trouble(self, row: Instance) -> str:
        made = self._origins.implementation(row)
        if made is None:
            return ""
        key = row.id, row.addresses
        try:
            if (health := self._health.get(key)) is None:
                health = self._prepare.health(self._description, made, row, self._rows.values())
                self._health[key] = health
            return trouble(row, health, self._clouds.of(row))
        except ShoalError as error:
            return str(error)


def _runs(machine: Machine | None) -> bool:
    """Say whether a machine's health says anything."""
    return machine is not None and machine.standing is Standing.READY
