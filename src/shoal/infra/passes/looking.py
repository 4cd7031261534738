"""Look at what the providers show, and write into the rows what that changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from shoal.base.errors import ShoalError
from shoal.infra.deciding.seeing import seen, turned
from shoal.infra.model import Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import DROP, Look, call, place_of
from shoal.infra.passes.dropping import is_gone
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


def bury(around: Around, accepted: Collection[str]) -> None:
    """Let the rows go whose machines were dropped (`accepted`) and have not been shown for long enough."""
    now = around.clock()
    gone = [row for row in around.board.rows if row.id in accepted and is_gone(row, around.patience, now)]
    if gone:
        ended = turned(State.DROPPED, now) | {"ended": now}
        told = [Happened("nodedropped", each.node, each.id, {"name": each.name}) for each in gone]
        around.board.change([{"id": each.id, **ended, "reason": each.reason} for each in gone], told)


def strays(found: Look, around: Around) -> list[str]:
    """Return the tags of machines that no row knows: what came of calls that nobody waited for."""
    return [id_ for id_ in found.machines if around.board.get(id_) is None]


def drop_stray(id: str, found: Look, turn: Turn, around: Around) -> bool:
    """Ask a provider to end a machine that no row knows; say whether it accepted that."""
    machine, provider = found.machines[id], around.clouds.at_place(found.places[id])
    try:
        call(DROP, lambda: provider.drop(around.infra, id, machine.ref))
    except ShoalError as error:
        turn.troubles.call_failed(f"drop {id}", error)
        return False
    around.board.change([], [Happened("straydropped", None, id, {"ref": machine.ref})])
    return True


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
