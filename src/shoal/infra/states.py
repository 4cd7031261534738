"""The states of an infrastructure and of its instances."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where an instance is in its life: from top to bottom, with a way back from AILING to READY.

    The row is there before the provider is asked (PLANNED), so that whatever dies, the machine is found by
    its tag. A machine is DROPPED only when its provider no longer shows it.
    """

    PLANNED = "planned"
    CREATING = "creating"
    PENDING = "pending"
    CONFIGURING = "configuring"
    CHECKING = "checking"
    READY = "ready"
    AILING = "ailing"
    FAILED = "failed"
    DRAINING = "draining"
    DROPPING = "dropping"
    DROPPED = "dropped"


class Phase(StrEnum):
    """What is the matter with an infrastructure as a whole."""

    NEW = "new"
    BUILDING = "building"
    READY = "ready"
    DEGRADED = "degraded"
    FAILED = "failed"
    DESTROYING = "destroying"
    DESTROYED = "destroyed"


# Instances that count towards what is wanted of a node.
STANDING = frozenset(
    {
        State.PLANNED,
        State.CREATING,
        State.PENDING,
        State.CONFIGURING,
        State.CHECKING,
        State.READY,
        State.AILING,
    }
)
LEAVING = frozenset({State.DRAINING, State.DROPPING})
_OCCOPUS: Mapping[State, str] = MappingProxyType(
    {
        State.READY: "ready",
        State.AILING: "temp_failed",
        State.FAILED: "failed",
        State.DRAINING: "shutdown",
        State.DROPPING: "shutdown",
        State.DROPPED: "shutdown",
    }
)


def as_occopus(state: State) -> str:
    """Return the older system's word for an instance's state."""
    return _OCCOPUS.get(state, "pending")
