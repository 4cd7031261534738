"""The words of infrastructures: how their phases, their machines and what happened to them are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from shoal.infra.model import Happening, Infrastructure, Instance
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


def node_look(instances: Sequence[Instance], wanted: int) -> Look:
    """Return the look of a node from its machines: the worst that somebody should know."""
    states = {one.state for one in instances}
    if State.FAILED in states:
        return STATES[State.FAILED]
    if State.AILING in states:
        return STATES[State.AILING]
    if states & _COMING:
        return PHASES[Phase.BUILDING]
    ready = sum(one.state is State.READY for one in instances)
    return STATES[State.READY] if ready >= wanted else Look("Waiting", "", "wait")


def sentence(found: Infrastructure, instances: Sequence[Instance], wanted: int) -> str:
    """Say how an infrastructure stands, in a sentence."""
    if found.phase is Phase.DESTROYED:
        return "Its machines are gone. Its history stays."
    if found.phase is Phase.DESTROYING:
        return f"{counted(len(instances), 'machine')} to remove."
    ready = sum(one.state is State.READY for one in instances)
    kept = "" if found.attached else " It is not watched: what dies stays dead until you say heal."
    return f"{ready} of {counted(wanted, 'machine')} ready.{kept}"


def told(one: Happening) -> str:
    """Return what happened, in words."""
    what = one.node or ""
    why = str(one.detail.get("reason") or one.detail.get("message") or "")
    said = _WORDS.get(one.kind)
    words = said.format(node=what) if said else f"{one.kind}: {what}" if what else one.kind
    return f"{words}: {why}" if why else words


_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "infrastart": "Building began",
        "infraupdated": "The wish changed",
        "infraready": "Everything is ready",
        "infraheal": "A pass was asked for",
        "infrascaled": "Another number of {node} is wanted",
        "infradrop": "Destroying began",
        "nodecreating": "A machine of {node} is asked for",
        "nodecreated": "A machine of {node} was made",
        "nodeconfigured": "A machine of {node} is set up",
        "nodeready": "A machine of {node} is ready",
        "nodeailing": "A machine of {node} does not answer as it should",
        "nodefailed": "A machine of {node} failed",
        "nodedropping": "A machine of {node} is being removed",
        "nodedropped": "A machine of {node} is gone",
    }
)
