"""A pass: bring an infrastructure to its wish, from whatever state it is in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from shoal.base.clock import SECOND
from shoal.base.errors import Unavailable
from shoal.infra.deciding.decision import Decision, decide
from shoal.infra.deciding.origin import Origins
from shoal.infra.deciding.steps import Do
from shoal.infra.model import Instance
from shoal.infra.passes import configuring, ending, making, reaching
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.checking import CHECKED, Checks
from shoal.infra.passes.clouds import place_of
from shoal.infra.passes.hands import Hands, Task
from shoal.infra.passes.leaving import Leaving
from shoal.infra.passes.pacing import Pace
from shoal.infra.passes.pricing import prices
from shoal.infra.passes.setbacks import Troubles
from shoal.infra.passes.sight import Sight
from shoal.infra.plain import description_of
from shoal.infra.states import Phase, State

_LISTEN = 1.0  # seconds between two questions for a newer wish
_SETTLED = 10.0  # seconds between two looks at machines while none comes or goes
_OPEN = frozenset({State.CREATING, State.PENDING, State.DROPPING})
# These end by themselves: calls fail so often at most, scripts and checks take so long at most.
_MOVING = frozenset({State.PLANNED, State.CREATING, State.CONFIGURING, State.CHECKING, State.DRAINING})


class Pass:
    """Do what is to be done about one infrastructure, many calls at once, until nothing more can be done."""

    def __init__(
        self, around: Around, pool: Executor, parallel: int, check_stopped: Callable[[], None]
    ) -> None:
        self._around = around
        self._board = around.board
        self._check_stopped = check_stopped
        self._hands = Hands(pool, parallel)
        self._sight = Sight(around)
        self._leaving = Leaving(around, self._sight)
        self._checks = Checks(around, self._sight)
        self._listened = around.clock()
        self._pace = Pace(around.clock)
        self._paused = False
        self._turn = self._read()

    def run(self) -> dict[str, Any]:
        """Return the phase that was reached and who is there.

        Raises:
            Failed: not all could be made; what is healthy stays.
            Unavailable: machines that are to go are still there, or providers do not answer.
        """
        if self._turn.infrastructure.phase is Phase.DESTROYED:
            return ending.result(Phase.DESTROYED, self._board.rows)
        while True:
            self._check_stopped()
            self._hands.collect()
            self._listen()
            decision = self._step()
            if not self._hands and (decision is None or self._is_idle(decision)):
                outcome = ending.end(decision, self._turn, self._around, self._leaving.strays())
                if outcome is not None:
                    return outcome
                self._turn = self._read()
            self._rest()

    def _step(self) -> Decision | None:
        """Look, decide and begin; None: somebody has said that nothing is to be done now."""
        if self._paused:
            return None
        if self._sight.is_older(self._pause_of_looks()):
            self._sight.renew(self._turn, self._hands.busy("make"))
        self._leaving.bury()
        decision = self._decide()
        self._do(decision)
        self._begin()
        return decision

    def _read(self) -> Turn:
        infrastructure = self._board.read()
        description = description_of(infrastructure.description)
        self._paused = infrastructure.paused and infrastructure.phase is not Phase.DESTROYING
        attempts = description.policy.attempts
        troubles = Troubles(attempts, self._around.patience, self._around.clock)
        costs = prices(description, self._around.clouds)
        turn = Turn(infrastructure, description, Origins(description), troubles, costs)
        reaching.follow(turn, self._around)
        return turn

    def _listen(self) -> None:
        """Read the wish again when there is a newer one."""
        journal, now = self._board.journal, self._around.clock()
        if now - self._listened >= _LISTEN * SECOND:
            self._listened = now
            self._paused = journal.listen()
        if self._board.stale:
            self._board.read()
        if journal.turn != self._turn.infrastructure.turn:
            self._turn = self._read()

    def _pause(self) -> float:
        return self._pace.pause(self._board.changes)

    def _pause_of_looks(self) -> float:
        rows = self._board.rows
        is_open = any(row.state in _OPEN or row.missing_since is not None for row in rows)
        return self._pause() if is_open or self._leaving.strays() else _SETTLED

    def _decide(self) -> Decision:
        wish = self._turn.infrastructure
        return decide(
            self._turn.description,
            wish.targets,
            wish.condemned,
            wish.phase is Phase.DESTROYING,
            self._checks.confirmed(self._sight.confirmed(self._board.rows), self._turn),
            self._around.clock(),
            patience=self._around.patience,
            setbacks=self._turn.troubles.now(),
            released=wish.released,
            known=self._turn.prices,
        )

    def _do(self, decision: Decision) -> None:
        """Write down who goes and who comes."""
        making_ = self._hands.busy("make")
        going = [step for step in decision.steps if step.do is Do.RETIRE and step.instance not in making_]
        self._leaving.retire(going, self._turn)
        coming = [step for step in decision.steps if step.do is Do.CREATE]
        if coming:
            rows = [making.planned(step, self._turn, self._around) for step in coming]
            self._board.plan(self._turn.infrastructure.turn, rows)

    def _begin(self) -> None:
        """Begin what is to be done about each instance now, as far as there are hands."""
        for row in sorted(self._board.rows, key=lambda each: each.state in CHECKED):
            if self._hands.are_full:
                return
            self._attend_to(row)
        for id_ in self._leaving.strays():
            if self._leaving.is_due(id_, self._turn):
                self._hands.start(Task("stray", id_), self._leaving.drop_stray, id_, self._turn)

    def _attend_to(self, row: Instance) -> None:
        turn, around, start = self._turn, self._around, self._hands.start
        may_call = turn.troubles.may_call
        if row.state in (State.PLANNED, State.CREATING) and may_call(row.id):
            start(Task("make", row.id), making.make, row, turn, around)
        elif row.state is State.CONFIGURING and may_call(row.id):
            start(Task("configure", row.id), configuring.configure, row, turn, around)
        elif row.state is State.DRAINING:
            start(Task("drain", row.id), configuring.drain, row, turn, around)
        elif row.state is State.DROPPING and self._leaving.is_due(row.id, turn):
            start(Task("drop", row.id), self._leaving.drop, row, turn)
        elif self._checks.is_due(row, turn, self._pause()):
            start(Task("check", row.id), self._checks.check, row, turn)

    def _is_idle(self, decision: Decision) -> bool:
        """Say whether nothing will change any more by itself, or not while anybody waits."""
        if decision.steps or any(each.code == "no_capacity" for each in decision.waiting):
            return False
        if self._leaving.are_hopeful(self._leaving.strays(), self._turn):
            return False
        return not any([self._is_moving(row, decision) for row in self._board.rows])

    def _is_moving(self, row: Instance, decision: Decision) -> bool:
        if row.state in _MOVING:
            return True
        if row.state is State.DROPPING:
            return self._leaving.is_hopeful(row, self._turn)
        if row.state is State.PENDING or (row.missing_since is not None and row.id not in decision.held):
            return self._is_shown_soon(row)
        return row.id not in decision.held and self._checks.is_awaited(row, self._turn)

    def _is_shown_soon(self, row: Instance) -> bool:
        if fault := self._sight.fault(place_of(row)):
            self._turn.troubles.note(Unavailable(f"A provider does not answer: {fault}"))
        return not fault

    def _rest(self) -> None:
        if self._hands:
            self._hands.wait(self._pause())
        else:
            self._around.sleep(self._pause())
