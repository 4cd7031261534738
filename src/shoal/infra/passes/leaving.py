"""Let machines go: they are asked to until they are gone, and their rows leave only then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from shoal.base.clock import SECOND
from shoal.base.errors import ShoalError, Unavailable
from shoal.infra.deciding.seeing import Change, shown_before, turned
from shoal.infra.deciding.steps import Step
from shoal.infra.model import Implementation, Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import DROP, call, place_of
from shoal.infra.passes.journal import Happened
from shoal.infra.passes.sight import Sight
from shoal.infra.states import State

_ASKED = 6  # how often a provider may fail to be asked before a pass ends without
_GOING = 600.0  # seconds that a pass waits for a machine to go


class Leaving:
    """Have machines go, those of rows and those that no row knows; threads share it.

    That a provider agreed is no proof: whoever is shown afterwards is asked to go again, ever more seldom.
    """

    def __init__(self, around: Around, sight: Sight) -> None:
        self._around = around
        self._sight = sight
        self._begun: dict[str, int] = {}
        self._agreed: dict[str, int] = {}  # when a provider last agreed to end a machine
        self._times: Counter[str] = Counter()  # how often it did

    def retire(self, steps: Sequence[Step], turn: Turn) -> None:
        """Write down who goes; one that never became ready counts as a failure of its node."""
        now, changes, told = self._around.clock(), list[Change](), list[Happened]()
        for step in steps:
            row = self._around.board.get(step.instance or "")
            if row is None:
                continue
            changes.append({"id": row.id, "was": row.state, **_farewell(row, turn.made_from(row), step, now)})
            told.append(Happened("nodedropping", row.node, row.id, {"name": row.name, "reason": step.reason}))
            if step.lost and row.ready is None and (row.ref is not None or row.state is not State.FAILED):
                # Of one that could not be asked for, that has been counted.
                said = f": {row.reason}" if row.state is State.CREATING and row.reason else ""
                error = Unavailable(f"{row.name}: {step.reason}{said}")
                turn.troubles.failed(row.node, row.number, error)
        if changes:
            self._around.board.change(changes, told)

    def strays(self) -> list[str]:
        """Return the tags of machines that no row knows: what came of calls that nobody waited for."""
        return [id_ for id_ in self._sight.machines if self._around.board.get(id_) is None]

    def is_due(self, id: str, turn: Turn) -> bool:
        """Say whether a machine is to be asked to go now: at first, and when it has been shown since."""
        if not turn.troubles.may_call(_key(id)):
            return False
        if (agreed := self._agreed.get(id)) is None:
            return True
        pause = self._around.patience.pause(self._times[id]) * SECOND
        return self._sight.shows(id, agreed) and self._around.clock() - agreed >= pause

    def drop(self, instance: Instance, turn: Turn) -> None:
        """Ask a provider to end the machine of an instance, whatever that is."""
        try:
            provider = self._around.clouds.of(instance)
            call(DROP, lambda: provider.drop(instance.infra, instance.id, instance.ref))
        except ShoalError as error:
            turn.troubles.call_failed(_key(instance.id), error)
            self._around.board.set(instance, reason=f"not dropped: {error}")
            return
        self._agree(instance.id)
        if self._times[instance.id] == 2:
            reason = "its provider has agreed to end it, and still shows it"
            self._around.board.set(instance, reason=reason)

    def drop_stray(self, id: str, turn: Turn) -> None:
        """Ask a provider to end a machine that no row knows."""
        place, machine = self._sight.machine(id)
        try:
            provider = self._around.clouds.at_place(place)
            call(DROP, lambda: provider.drop(self._around.infra, id, machine.ref))
        except ShoalError as error:
            turn.troubles.call_failed(_key(id), error)
            return
        self._agree(id)
        self._around.board.change([], [Happened("straydropped", None, id, {"ref": machine.ref})])

    def bury(self) -> None:
        """Let the rows go whose machines agreed to, and have not been shown for long enough."""
        now = self._around.clock()
        if gone := [row for row in self._around.board.rows if self._is_gone(row)]:
            ended = turned(State.DROPPED, now) | {"ended": now}
            told = [Happened("nodedropped", each.node, each.id, {"name": each.name}) for each in gone]
            self._around.board.change(
                [{"id": each.id, **ended, "reason": each.reason} for each in gone], told
            )

    def is_hopeful(self, instance: Instance, turn: Turn) -> bool:
        """Say whether a machine may be expected to go while somebody waits."""
        if self._sight.fault(place_of(instance)):
            return False
        if instance.missing_since is not None and instance.id in self._agreed:
            return True
        if self._is_hopeful(instance.id, turn):
            return True
        turn.troubles.note(Unavailable(f"{instance.name}: {instance.reason}."))
        return False

    def are_hopeful(self, strays: Collection[str], turn: Turn) -> bool:
        """Say whether one of the machines that no row knows may be expected to go."""
        return any(self._is_hopeful(id_, turn) for id_ in strays)

    def _is_hopeful(self, id: str, turn: Turn) -> bool:
        begun = self._begun.setdefault(id, self._around.clock())
        is_soon = self._around.clock() - begun < _GOING * SECOND
        return is_soon and turn.troubles.tries(_key(id)) < _ASKED

    def _is_gone(self, instance: Instance) -> bool:
        agreed = self._agreed.get(instance.id)
        if agreed is None or instance.state is not State.DROPPING:
            return False
        patience = self._around.patience
        grace = patience.leaving if shown_before(instance) else patience.until_shown(instance.provider)
        return self._sight.misses(instance, agreed, grace)

    def _agree(self, id: str) -> None:
        self._times[id] += 1
        self._agreed[id] = self._around.clock()


def _farewell(instance: Instance, made: Implementation | None, step: Step, now: int) -> Change:
    """Return the change with which an instance begins to go: who was never asked for is gone at once."""
    if instance.tries == 0:
        return turned(State.DROPPED, now, step.reason) | {"ended": now}
    is_drained = instance.state is State.READY and made is not None and bool(made.drain)
    return turned(State.DRAINING if is_drained else State.DROPPING, now, step.reason)


def _key(id: str) -> str:
    return f"drop {id}"
