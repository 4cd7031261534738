"""Look at the health of one instance, and write down what has changed."""

from __future__ import annotations

from shoal.base.errors import ShoalError
from shoal.infra.deciding.seeing import checked
from shoal.infra.model import Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.publishing import publish
from shoal.infra.states import State

_TOLD = {State.READY: "nodeready", State.AILING: "nodeailing"}


def check(instance: Instance, turn: Turn, around: Around) -> None:
    """Check an instance's health, and begin or end the clock of its failing."""
    reason = trouble(instance, turn, around)
    if not reason and instance.ready is None:
        reason = publish(instance, turn, around)
    change = checked(instance, reason, around.clock())
    if change:
        happened = _TOLD.get(change.get("state", instance.state), "") if "state" in change else ""
        around.board.set(instance, happened, **change)


def trouble(instance: Instance, turn: Turn, around: Around) -> str:
    """Return what is wrong with an instance, "" when nothing is."""
    made = turn.made_from(instance)
    if made is None:
        return ""
    try:
        health = around.prepare.health(turn.description, made, instance, around.board.rows)
        return around.check(instance, health, around.clouds.of(instance))
    except ShoalError as error:
        return str(error)
