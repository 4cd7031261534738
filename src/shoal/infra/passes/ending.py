"""How a pass ends: what was reached, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shoal.base.errors import ShoalError, Unavailable
from shoal.infra.deciding.decision import Decision, Waiting
from shoal.infra.errors import Braked, Degraded, OverBudget
from shoal.infra.model import Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import CLEAN, call
from shoal.infra.passes.journal import Happened
from shoal.infra.plain import plain
from shoal.infra.providers.provider import Provider
from shoal.infra.states import LEAVING, Phase, State
from shoal.jobs.workers.context import Failed

_FATAL = frozenset({"given_up", "over_budget"})


def end(
    decision: Decision | None, turn: Turn, around: Around, strays: Sequence[str]
) -> dict[str, Any] | None:
    """Say in the house what was reached, and return it; None: there is a newer wish.

    `strays` are machines that no row knows and that could not be ended.

    Raises:
        Failed: not all could be made.
        Unavailable: machines that are to go are still there; another pass is to try again.
    """
    rows = around.board.rows
    wish = turn.infrastructure
    if decision is None:
        return result(wish.phase, rows)
    if wish.phase is Phase.DESTROYING:
        return _destroyed(turn, around, strays)
    phase, trouble = _phase(decision, turn, rows)
    error = told(trouble, around) if trouble is not None else None
    happened = [Happened("infraready")] if phase is Phase.READY else []
    if not around.board.journal.reached(wish.turn, phase, error, happened):
        return None
    if strays or any(each.state in LEAVING for each in rows):
        raise _not_ended(turn, around)
    if phase is Phase.FAILED and error is not None:
        raise Failed({"kind": "infrastructure", "type": error["code"], **error}, result(phase, rows))
    return result(phase, rows)


def result(phase: Phase, rows: Sequence[Instance]) -> dict[str, Any]:
    """Return what a pass gives: the phase, and by node who is there."""
    nodes: dict[str, list[dict[str, Any]]] = {}
    for each in rows:
        shown = {"id": each.id, "name": each.name, "state": each.state.value}
        nodes.setdefault(each.node, []).append(shown | {"addresses": list(each.addresses)})
    return {"phase": phase.value, "nodes": nodes, "outputs": {}}


def _destroyed(turn: Turn, around: Around, strays: Sequence[str]) -> dict[str, Any] | None:
    wish = turn.infrastructure
    if around.board.rows or strays:
        raise _not_ended(turn, around)
    for provider in _ever_used(around):
        call(CLEAN, lambda provider=provider: provider.clean(around.infra))  # type: ignore[misc]
    if not around.board.journal.reached(wish.turn, Phase.DESTROYED, None):
        return None
    return result(Phase.DESTROYED, ())


def _not_ended(turn: Turn, around: Around) -> Unavailable:
    first = turn.troubles.first
    reason = around.board.mask(first.message) if first is not None else ""
    said = f"Machines of {turn.infrastructure.name} could not be ended yet. {reason}"
    return Unavailable(said.strip(), hint="It is tried again.")


def _ever_used(around: Around) -> Iterator[Provider]:
    """Yield the providers that ever made machines, or may have, not only those of the last machines."""
    for kind, place, is_certain in around.board.journal.places():
        try:
            yield around.clouds.at(kind, place)
        except ShoalError:
            if is_certain:  # Otherwise it could not be had before either: nothing was made there.
                raise


def _phase(decision: Decision, turn: Turn, rows: Sequence[Instance]) -> tuple[Phase, ShoalError | None]:
    """Return the phase that an infrastructure is in, and what keeps it from being ready."""
    waiting = decision.waiting
    well = all(each.state is State.READY or each.state in LEAVING for each in rows)
    if not waiting and well:
        return Phase.READY, None
    fatal = next((each for each in waiting if each.code in _FATAL), None)
    if fatal is not None:
        return Phase.FAILED, turn.troubles.first or _error(fatal)
    if waiting:
        return Phase.DEGRADED, turn.troubles.first or _error(waiting[0])
    ill = next(each for each in rows if each.state is not State.READY and each.state not in LEAVING)
    if turn.troubles.first is not None:
        return Phase.DEGRADED, turn.troubles.first
    return Phase.DEGRADED, Degraded(f"{ill.name} is {ill.state}: {ill.reason}", node=ill.node)


def _error(waiting: Waiting) -> ShoalError:
    if waiting.code == "brake":
        return Braked(f"{waiting.reason}.", hint="Look why, then `shoal infra release`.", node=waiting.node)
    if waiting.code == "over_budget":
        return OverBudget(f"{waiting.reason}.", hint="Raise `policy.budget`.", node=waiting.node)
    return Degraded(f"{waiting.reason}.", node=waiting.node)


def told(error: ShoalError, around: Around) -> dict[str, Any]:
    """Return an error in its plain form, without secrets."""
    texts = {"message": around.board.mask(error.message), "hint": around.board.mask(error.hint)}
    return {**plain(error.details), "code": error.error_code, **texts}
