"""The words of infrastructures: how their phases and their machines are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from shoal.infra.model import Infrastructure, Instance
from shoal.infra.states import STANDING, Phase, State
from shoal.server.pages.look import Look
from shoal.studies.wording import counted

PHASES: Mapping[Phase, Look] = MappingProxyType(
    {
        Phase.NEW: Look("New", "", "wait"),
        Phase.BUILDING: Look("Building", "run", "run"),
        Phase.READY: Look("Ready", "ok", "ok"),
        Phase.DEGRADED: Look("Degraded", "warn", "again"),
        Phase.FAILED: Look("Failed", "bad", "bad"),
        Phase.DESTROYING: Look("Destroying", "run", "run"),
        Phase.DESTROYED: Look("Destroyed", "", "off"),
    }
)
PAUSED = Look("Paused", "", "rest")
WAITING = Look("Waiting", "", "wait")
STATES: Mapping[State, Look] = MappingProxyType(
    {
        State.PLANNED: Look("Planned", "", "wait"),
        State.CREATING: Look("Creating", "run", "run"),
        State.PENDING: Look("Starting", "run", "run"),
        State.CONFIGURING: Look("Configuring", "run", "run"),
        State.CHECKING: Look("Checking", "run", "run"),
        State.READY: Look("Ready", "ok", "ok"),
        State.AILING: Look("Ailing", "warn", "again"),
        State.FAILED: Look("Failed", "bad", "bad"),
        State.DRAINING: Look("Draining", "", "off"),
        State.DROPPING: Look("Removing", "", "off"),
        State.DROPPED: Look("Removed", "", "off"),
    }
)
_COMING = STANDING - {State.READY, State.AILING}


def look_of(found: Infrastructure) -> Look:
    """Return how an infrastructure's phase is shown; one that rests is shown as that."""
    settled = found.phase in (Phase.READY, Phase.DEGRADED, Phase.FAILED)
    return PAUSED if found.paused and settled else PHASES[found.phase]


def node_look(phase: Phase, instances: Sequence[Instance], wanted: int, *, due: bool) -> Look:
    """Return the look of a node from its machines: the worst that somebody should know.

    Args:
        phase: that of the infrastructure.
        instances: the machines of the node.
        wanted: how many there should be.
        due: all that it needs is there, so that it is its turn.
    """
    if phase is Phase.DESTROYED:
        return STATES[State.DROPPED]
    states = {one.state for one in instances}
    if State.FAILED in states:
        return STATES[State.FAILED]
    if State.AILING in states:
        return STATES[State.AILING]
    if states & _COMING:
        return PHASES[Phase.BUILDING]
    ready = sum(one.state is State.READY for one in instances)
    if ready >= wanted:
        return STATES[State.READY]
    return STATES[State.FAILED] if due and phase is Phase.FAILED else WAITING


def sentence(found: Infrastructure, instances: Sequence[Instance], wanted: int) -> str:
    """Say how an infrastructure stands, in a sentence."""
    if found.phase is Phase.DESTROYED:
        return "Its machines are gone. Its history stays."
    if found.phase is Phase.DESTROYING:
        return f"{counted(len(instances), 'machine')} to remove."
    ready = sum(one.state is State.READY for one in instances)
    if ready > wanted:
        return f"{counted(ready, 'machine')} ready, {wanted:,} wanted.{_rest(found)}"
    return f"{ready:,} of {counted(wanted, 'machine')} ready.{_rest(found)}"


def _rest(found: Infrastructure) -> str:
    if found.paused:
        return " It is paused: nothing is done to it until you resume it."
    return "" if found.attached else " It is not watched: what dies stays dead until you heal it."
