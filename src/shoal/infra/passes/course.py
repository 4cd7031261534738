"""A pass: bring an infrastructure to its wish, from whatever state it is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Any, NamedTuple
from uuid import uuid4

from shoal.base.clock import SECOND
from shoal.base.errors import Unavailable
from shoal.infra.deciding.decision import Decision, Do, Step, decide
from shoal.infra.deciding.origin import Origins, fingerprint
from shoal.infra.model import Instance
from shoal.infra.passes import checking, configuring, dropping, ending, looking, making
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import Look, place_of
from shoal.infra.passes.journal import Happened
from shoal.infra.passes.pacing import Pace
from shoal.infra.passes.pricing import prices
from shoal.infra.passes.setbacks import Troubles
from shoal.infra.plain import description_of
from shoal.infra.providers.provider import Standing
from shoal.infra.states import Phase, State

_LISTEN = 1.0  # seconds between two questions for a newer wish
_AGAIN = {State.READY: 10.0, State.AILING: 2.0}  # seconds between two looks at an instance's health
_BLIND = 60.0  # seconds that providers may not answer
_DROPS = 6  # how often a provider is asked to end a machine before a pass ends without it
_MOVING = frozenset(
    {State.PLANNED, State.CREATING, State.PENDING, State.CONFIGURING, State.CHECKING, State.DRAINING}
)
_CHECKED = frozenset({State.CHECKING, State.READY, State.AILING})


class Task(NamedTuple):
    """Something that a thread does about an instance."""

    kind: str
    instance: str


class Pass:
    """Do what is to be done about one infrastructure, many calls at once, until nothing more can be done."""

    def __init__(
        self, around: Around, pool: Executor, parallel: int, check_stopped: Callable[[], None]
    ) -> None:
        self._around = around
        self._board = around.board
        self._pool = pool
        self._parallel = parallel
        self._check_stopped = check_stopped
        self._running: dict[Task, Future[Any]] = {}
        self._accepted: dict[str, int] = {}  # when a provider last agreed to end a machine
        self._checked: dict[str, int] = {}
        self._look = Look()
        self._looked: int | None = None
        self._blind_since: int | None = None
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
            self._collect()
            self._listen()
            decision = self._step()
            if not self._running and (decision is None or self._is_idle(decision)):
                outcome = ending.end(decision, self._turn, self._around, self._strays())
                if outcome is not None:
                    return outcome
                self._turn = self._read()
            self._rest()

    def _step(self) -> Decision | None:
        """Look, decide and begin; None: somebody has said that nothing is to be done now."""
        if self._paused:
            return None
        if self._is_look_due():
            self._see()
        looking.bury(self._around, self._accepted)
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
        return Turn(infrastructure, description, Origins(description), troubles, costs)

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

    def _decide(self) -> Decision:
        wish = self._turn.infrastructure
        return decide(
            self._turn.description,
            wish.targets,
            wish.condemned,
            wish.phase is Phase.DESTROYING,
            self._board.rows,
            self._around.clock(),
            patience=self._around.patience,
            setbacks=self._turn.troubles.now(),
            released=wish.released,
            known=self._turn.prices,
        )

    def _is_look_due(self) -> bool:
        if self._looked is None:
            return True
        states = (State.CREATING, State.PENDING, State.DROPPING)
        open_ = any(row.state in states or row.missing_since is not None for row in self._board.rows)
        pause = (
            _AGAIN[State.READY] if not (open_ or self._strays()) else self._pace.pause(self._board.changes)
        )
        return self._around.clock() - self._looked >= pause * SECOND

    def _see(self) -> None:
        busy = {task.instance for task in self._running if task.kind == "make"}
        self._look = looking.look(self._turn, self._around, busy)
        self._looked = now = self._around.clock()
        if not self._look.faults:
            self._blind_since = None
        elif self._blind_since is None:
            self._blind_since = now

    def _strays(self) -> list[str]:
        return looking.strays(self._look, self._around)

    def _do(self, decision: Decision) -> None:
        """Write down who goes and who comes."""
        going = [step for step in decision.steps if step.do is Do.RETIRE]
        self._retire([step for step in going if Task("make", str(step.instance)) not in self._running])
        coming = [self._planned(step) for step in decision.steps if step.do is Do.CREATE]
        if coming:
            self._board.plan(self._turn.infrastructure.turn, coming)

    def _retire(self, steps: Sequence[Step]) -> None:
        now, changes, told = self._around.clock(), [], []
        for step in steps:
            row = self._board.get(step.instance or "")
            if row is None:
                continue
            change = dropping.farewell(row, self._turn.made_from(row), step.reason, now)
            changes.append({"id": row.id, "was": row.state, **change})
            told.append(Happened("nodedropping", row.node, row.id, {"name": row.name, "reason": step.reason}))
            if step.lost and row.ready is None and row.ref is not None:
                self._turn.troubles.failed(row.node, row.number, Unavailable(f"{row.name}: {step.reason}"))
        if changes:
            self._board.change(changes, told)

    def _planned(self, step: Step) -> Instance:
        description, now = self._turn.description, self._around.clock()
        node = description.node(step.node)
        resource = description.definitions[node.type][step.implementation].resource if node else {}
        id_, infra = str(uuid4()), self._around.infra
        return Instance(
            id=id_,
            infra=infra,
            node=step.node,
            number=step.number,
            state=State.PLANNED,
            provider=str(resource.get("type")),
            implementation=step.implementation,
            place={},
            hash=fingerprint(description, step.node, step.implementation),
            name=f"occopus-{description.name[:18]}-{infra[:8]}-{step.node[:18]}-{id_[:8]}",
            created=now,
            since=now,
        )

    def _begin(self) -> None:
        """Start what is to be done about each instance now, as far as there are hands."""
        for row in sorted(self._board.rows, key=lambda each: each.state in _CHECKED):
            if len(self._running) >= self._parallel:
                return
            if (kind := self._task(row)) and (task := Task(kind, row.id)) not in self._running:
                self._running[task] = self._pool.submit(self._work, task, row, self._turn)
        for id_ in self._strays():
            is_due = self._is_shown(id_) and self._turn.troubles.may_call(f"drop {id_}")
            if is_due and (task := Task("stray", id_)) not in self._running:
                self._running[task] = self._pool.submit(self._drop_stray, id_)

    def _task(self, row: Instance) -> str:
        may_call = self._turn.troubles.may_call
        if row.state in (State.PLANNED, State.CREATING):
            return "make" if may_call(row.id) else ""
        if row.state is State.CONFIGURING:
            return "configure" if may_call(row.id) else ""
        if row.state is State.DRAINING:
            return "drain"
        if row.state is State.DROPPING:
            return "drop" if self._is_shown(row.id) and may_call(f"drop {row.id}") else ""
        return "check" if row.state in _CHECKED and self._is_check_due(row) else ""

    def _is_shown(self, id: str) -> bool:
        """Say whether a machine was never dropped, or has been shown since."""
        if (dropped := self._accepted.get(id)) is None:
            return True
        return id in self._look.machines and (self._looked or 0) > dropped

    def _is_to_check(self, row: Instance) -> bool:
        """Say whether an instance's health says anything: its machine runs, as far as its provider tells."""
        if self._turn.infrastructure.phase is Phase.DESTROYING:
            return False
        machine = self._look.machines.get(row.id)
        shown = machine is not None and machine.standing is Standing.READY
        return shown or place_of(row) not in self._look.answered

    def _is_check_due(self, row: Instance) -> bool:
        if not self._is_to_check(row):
            return False
        pause = _AGAIN.get(row.state, self._pace.pause(self._board.changes))
        last = self._checked.get(row.id)
        return last is None or self._around.clock() - last >= pause * SECOND

    def _work(self, task: Task, row: Instance, turn: Turn) -> None:
        around = self._around
        if task.kind == "make":
            making.make(row, turn, around)
        elif task.kind == "configure":
            configuring.configure(row, turn, around)
        elif task.kind == "drain":
            configuring.drain(row, turn, around)
        elif task.kind == "check":
            checking.check(row, turn, around)
            self._checked[row.id] = around.clock()
        elif dropping.drop(row, turn, around):
            self._accepted[row.id] = around.clock()

    def _drop_stray(self, id: str) -> None:
        if looking.drop_stray(id, self._look, self._turn, self._around):
            self._accepted[id] = self._around.clock()

    def _collect(self) -> None:
        """Take away what is done; what a thread could not handle ends the pass."""
        for task, future in list(self._running.items()):
            if future.done():
                del self._running[task]
                future.result()

    def _is_idle(self, decision: Decision) -> bool:
        """Say whether nothing will change any more by itself."""
        now = self._around.clock()
        if self._blind_since is not None and now - self._blind_since > _BLIND * SECOND:
            fault = next(iter(self._look.faults.values()))
            self._turn.troubles.note(Unavailable(f"A provider does not answer: {fault}"))
            return True
        if decision.steps or any(each.code == "no_capacity" for each in decision.waiting):
            return False
        if any(self._turn.troubles.tries(f"drop {id_}") < _DROPS for id_ in self._strays()):
            return False
        return not any(self._is_moving(row, decision) for row in self._board.rows)

    def _is_moving(self, row: Instance, decision: Decision) -> bool:
        if row.state in _MOVING:
            return True
        if row.state is State.DROPPING:
            return self._turn.troubles.tries(f"drop {row.id}") < _DROPS
        if row.id in decision.held:
            return False
        is_unclear = row.state is State.AILING and row.failing_since is None
        is_unchecked = self._is_to_check(row) and row.id not in self._checked
        return is_unclear or is_unchecked or row.missing_since is not None

    def _rest(self) -> None:
        pause = self._pace.pause(self._board.changes)
        if self._running:
            wait(self._running.values(), pause, FIRST_COMPLETED)
        else:
            self._around.sleep(pause)
