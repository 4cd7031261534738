"""Let machines go: their rows leave only after their providers have said so twice."""

from __future__ import annotations

from shoal.base.clock import SECOND
from shoal.base.errors import ShoalError
from shoal.infra.deciding.patience import Patience
from shoal.infra.deciding.seeing import shown_before, turned
from shoal.infra.model import Implementation, Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import DROP, call
from shoal.infra.states import State


def farewell(instance: Instance, made: Implementation | None, reason: str, now: int) -> dict[str, object]:
    """Return the change with which an instance begins to go: who was never asked for is gone at once."""
    if instance.tries == 0:
        return turned(State.DROPPED, now, reason) | {"ended": now}
    drained = instance.state is State.READY and made is not None and bool(made.drain)
    return turned(State.DRAINING if drained else State.DROPPING, now, reason)


def drop(instance: Instance, turn: Turn, around: Around) -> bool:
    """Ask a provider to end a machine, whatever it is; say whether it accepted that."""
    try:
        provider = around.clouds.of(instance)
        call(DROP, lambda: provider.drop(instance.infra, instance.id, instance.ref))
    except ShoalError as error:
        turn.troubles.call_failed(f"drop {instance.id}", error)
        around.board.set(instance, reason=f"not dropped: {error}")
        return False
    return True


def is_gone(instance: Instance, patience: Patience, now: int) -> bool:
    """Say whether a dropped machine has not been shown for long enough to be gone."""
    if instance.state is not State.DROPPING or instance.missing_since is None:
        return False
    grace = patience.leaving if shown_before(instance) else patience.until_shown(instance.provider)
    return now - instance.missing_since > grace * SECOND
