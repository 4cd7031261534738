"""The states of a live task, and what may be done in each (the state machine of the older service)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class State(StrEnum):
    """Where a live task is in its life; a failure is FINISHED with an error."""

    CREATED = "created"
    INITIALIZING = "initializing"
    READY = "ready"
    RUNNING = "running"
    IDLE = "idle"
    FINISHED = "finished"


class Act(StrEnum):
    """What somebody asks of a task."""

    INIT = "init"
    PLAY = "play"
    PAUSE = "pause"
    WAIT = "wait"
    STOP = "stop"


ALIVE = frozenset({State.READY, State.RUNNING, State.IDLE})
HOSTED = ALIVE | {State.INITIALIZING}  # a host follows these


class Step(NamedTuple):
    """What an act does: the next state (None: none), or the code of a refusal.

    `then` is the state that INITIALIZING is for. `anew` begins a new run: its counters are zero.
    """

    to: State | None = None
    then: State | None = None
    anew: bool = False
    refused: str | None = None


def _to(state: State) -> Step:
    return Step(state)


def _no(code: str) -> Step:
    return Step(refused=code)


_STAY = Step()
_BLOCKED = Step()  # for WAIT: until another state is there

TABLE: Mapping[State, Mapping[Act, Step]] = MappingProxyType(
    {
        State.CREATED: {
            Act.INIT: Step(State.INITIALIZING, then=State.READY),
            Act.PLAY: Step(State.INITIALIZING, then=State.RUNNING),
            Act.PAUSE: _no("not_running"),
            Act.WAIT: _no("not_running"),
            Act.STOP: _no("not_alive"),
        },
        State.INITIALIZING: {
            Act.INIT: _no("initializing"),
            Act.PLAY: _no("initializing"),
            Act.PAUSE: _no("initializing"),
            Act.WAIT: _BLOCKED,
            Act.STOP: _to(State.FINISHED),
        },
        State.READY: {
            Act.INIT: _no("already_created"),
            Act.PLAY: _to(State.RUNNING),
            Act.PAUSE: _no("not_running"),
            Act.WAIT: _STAY,
            Act.STOP: _to(State.FINISHED),
        },
        State.RUNNING: {
            Act.INIT: _no("already_created"),
            Act.PLAY: _no("running"),
            Act.PAUSE: _to(State.IDLE),
            Act.WAIT: _BLOCKED,
            Act.STOP: _to(State.FINISHED),
        },
        State.IDLE: {
            Act.INIT: _no("already_created"),
            Act.PLAY: _to(State.RUNNING),
            Act.PAUSE: _no("not_running"),
            Act.WAIT: _no("idle"),
            Act.STOP: _to(State.FINISHED),
        },
        State.FINISHED: {
            Act.INIT: Step(State.INITIALIZING, then=State.READY, anew=True),
            Act.PLAY: Step(State.INITIALIZING, then=State.RUNNING, anew=True),
            Act.PAUSE: _no("not_running"),
            Act.WAIT: _STAY,
            Act.STOP: _no("not_alive"),
        },
    }
)


def step(state: State, act: Act) -> Step:
    """Return what an act does to a task in a state."""
    return TABLE[state][act]


def told(state: State, then: State | None, said: State) -> State | None:
    """Return the state after a host says that a run is `said` (READY or FINISHED); None when nothing changes.

    A run that met its goal just when it was paused stays paused; one that failed has failed.
    """
    if said is State.FINISHED:
        return State.FINISHED if state in HOSTED else None
    if state is State.INITIALIZING:
        return then or State.READY
    return State.READY if state is State.RUNNING else None
