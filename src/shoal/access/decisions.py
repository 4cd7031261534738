"""The one place that says yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shoal.access.actions import FOR_ADMINS, OPEN, Action
from shoal.access.actor import Actor
from shoal.base.errors import Forbidden, NotFound, ShoalError, Unauthenticated

Because = Literal[
    "open",
    "admin",
    "node",
    "owner",
    "shared",
    "unknown actor",
    "not theirs",
    "not to change",
    "no such right",
]


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing that is acted on: `kind` is its word for people; no owner means that the house owns it."""

    kind: str
    id: str | int
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Say whether it is allowed, and why."""

    allowed: bool
    because: Because


def decide(actor: Actor, action: Action, resource: Resource | None = None) -> Decision:
    """Decide whether an actor may do something, to a certain thing or (no resource) at all."""
    if action in OPEN:
        return Decision(True, "open")
    if not actor.known:
        return Decision(False, "unknown actor")
    if actor.node or action is Action.WORKER_WORK:
        is_work = actor.node and action is Action.WORKER_WORK
        return Decision(True, "node") if is_work else Decision(False, "no such right")
    if actor.admin:
        return Decision(True, "admin")
    if action in FOR_ADMINS or (action is Action.JOB_EXECUTE and not actor.executes):
        return Decision(False, "no such right")
    if resource is None or resource.owner == actor.name:
        return Decision(True, "owner")
    if resource.owner is not None:
        return Decision(False, "not theirs")
    return Decision(True, "shared") if action.reads else Decision(False, "not to change")


def require(actor: Actor, action: Action, resource: Resource | None = None) -> None:
    """Pass when the actor may.

    Raises:
        Unauthenticated: nobody knows the actor.
        NotFound: the thing belongs to somebody else; it is not even said that it is there.
        Forbidden: the actor may see the thing, but not do this, or has no right to do this at all.
    """
    decision = decide(actor, action, resource)
    if not decision.allowed:
        raise _refusal(decision, action, resource)


def missing(kind: str, id: str | int) -> NotFound:
    """Return the error for a thing that is not there, the same as for one that may not be seen."""
    return NotFound(f"There is no {kind} {id}, or you may not see it.")


def _refusal(decision: Decision, action: Action, resource: Resource | None) -> ShoalError:
    if decision.because == "no such right":
        return Forbidden(f"You have no right to {action}.", hint="Ask who runs this server for it.")
    if resource is None or decision.because == "unknown actor":
        return Unauthenticated(
            "Who you are is not known.", hint="Send the server token: Authorization: Bearer TOKEN."
        )
    if decision.because == "not theirs":
        return missing(resource.kind, resource.id)
    verb = action.rpartition(".")[2]
    return Forbidden(f"You may not {verb} {resource.kind} {resource.id}.", hint="It belongs to the server.")
