"""Look at what the providers show, and write into the rows what that changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from shoal.infra.deciding.seeing import seen
from shoal.infra.model import Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import Look, place_of
from shoal.infra.passes.journal import Change, Happened
from shoal.infra.states import State

_TOLD = {State.FAILED: "nodefailed", State.AILING: "nodeailing"}


def look(turn: Turn, around: Around, busy: Collection[str]) -> Look:
    """Ask all providers, and note what they show of every instance but the busy ones."""
    found = around.clouds.look(around.infra, around.board.rows)
    rows = [each for each in around.board.rows if each.id not in busy and place_of(each) in found.answered]
    changes = [(each, change) for each in rows if (change := _changed(each, found, turn, around))]
    if changes:
        told = [happened for each, change in changes for happened in _happened(each, change)]
        around.board.change([{"id": each.id, "was": each.state, **change} for each, change in changes], told)
    return found


def _changed(instance: Instance, found: Look, turn: Turn, around: Around) -> Change:
    provider = around.clouds.of(instance)
    made = turn.made_from(instance)
    managed = made is not None and made.config_management is not None
    machine = found.machines.get(instance.id)
    return seen(instance, machine, provider.contextualises and not managed, around.clock())


def _happened(instance: Instance, change: Change) -> Iterator[Happened]:
    if instance.state is State.CREATING and "state" in change:
        # Whoever asked for it died, or was not answered, and could not say so.
        yield Happened("nodecreated", instance.node, instance.id, {"name": instance.name})
    if kind := _TOLD.get(change.get("state", "")):
        detail = {"name": instance.name, "reason": change.get("reason", "")}
        yield Happened(kind, instance.node, instance.id, detail)
