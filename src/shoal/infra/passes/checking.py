"""Look at the health of instances, and write down what has changed."""

from __future__ import annotations

from collections.abc import Iterable

from shoal.base.clock import SECOND
from shoal.base.errors import ShoalError
from shoal.infra.deciding.seeing import checked
from shoal.infra.model import Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.publishing import publish
from shoal.infra.passes.sight import Sight
from shoal.infra.states import Phase, State

CHECKED = frozenset({State.CHECKING, State.READY, State.AILING})
_AGAIN = {State.READY: 10.0, State.AILING: 2.0}  # seconds between two looks at an instance's health
_TOLD = {State.READY: "nodeready", State.AILING: "nodeailing"}


class Checks:
    """Check the health of instances, each now and then; threads share it."""

    def __init__(self, around: Around, sight: Sight) -> None:
        self._around = around
        self._sight = sight
        self._checked: dict[str, int] = {}

    def is_due(self, instance: Instance, turn: Turn, pause: float) -> bool:
        """Say whether an instance is to be checked now; `pause` is for those that nobody has seen well."""
        if instance.state not in CHECKED or not self._says_anything(instance, turn):
            return False
        last = self._checked.get(instance.id)
        seconds = _AGAIN.get(instance.state, pause)
        return last is None or self._around.clock() - last >= seconds * SECOND

    def is_awaited(self, instance: Instance, turn: Turn) -> bool:
        """Say whether a check would tell something new of an instance."""
        is_unclear = instance.state is State.AILING and instance.failing_since is None
        return is_unclear or self._is_unknown(instance, turn)

    def confirmed(self, rows: Iterable[Instance], turn: Turn) -> list[Instance]:
        """Return rows in which only that is failing which a check of this pass has found so.

        Of what was unwell long ago, when somebody last looked, nobody knows how it is today.
        """
        return [
            row._replace(failing_since=None)
            if row.failing_since is not None and row.state in CHECKED and self._is_unknown(row, turn)
            else row
            for row in rows
        ]

    def check(self, instance: Instance, turn: Turn) -> None:
        """Check an instance's health, and begin or end the clock of its failing."""
        reason = self._trouble(instance, turn)
        if not reason and instance.ready is None:
            reason = publish(instance, turn, self._around)
        if change := checked(instance, reason, self._around.clock()):
            self._around.board.set(instance, _TOLD.get(change.get("state", ""), ""), **change)
        self._checked[instance.id] = self._around.clock()

    def _is_unknown(self, instance: Instance, turn: Turn) -> bool:
        return instance.id not in self._checked and self._says_anything(instance, turn)

    def _says_anything(self, instance: Instance, turn: Turn) -> bool:
        return turn.infrastructure.phase is not Phase.DESTROYING and self._sight.runs(instance)

    def _trouble(self, instance: Instance, turn: Turn) -> str:
        """Return what is wrong with an instance, "" when nothing is."""
        made, around = turn.made_from(instance), self._around
        if made is None:
            return ""
        try:
            health = around.prepare.health(turn.description, made, instance, around.board.rows)
            return around.check(instance, health, around.clouds.of(instance))
        except ShoalError as error:
            return str(error)
