"""Ask a provider for the machine of an instance."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from shoal.base.errors import NotFound, ShoalError, Unavailable
from shoal.infra.contexts.contextualising import Contextualised
from shoal.infra.deciding.origin import fingerprint
from shoal.infra.deciding.seeing import turned
from shoal.infra.deciding.steps import Step
from shoal.infra.errors import NoCapacity, Unreachable
from shoal.infra.model import Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import CREATE, call
from shoal.infra.providers.provider import Order, Provider
from shoal.infra.providers.registry import place_of
from shoal.infra.states import State


def planned(step: Step, turn: Turn, around: Around) -> Instance:
    """Return the row of an instance that nobody has been asked for."""
    description, now = turn.description, around.clock()
    node, id_ = description.node(step.node), str(uuid4())
    resource = description.definitions[node.type][step.implementation].resource if node else {}
    return Instance(
        id=id_,
        infra=around.infra,
        node=step.node,
        number=step.number,
        state=State.PLANNED,
        provider=str(resource.get("type")),
        implementation=step.implementation,
        place={},
        hash=fingerprint(description, step.node, step.implementation),
        name=f"occopus-{description.name[:18]}-{around.infra[:8]}-{step.node[:18]}-{id_[:8]}",
        created=now,
        since=now,
    )


def make(instance: Instance, turn: Turn, around: Around) -> None:
    """Ask for a machine: the row says so before it is asked, and afterwards what has become of it.

    A call that failed may have made one, so the same instance is asked for again until its provider answers:
    that makes no second one. Where there is no room, or the order is refused, the instance has failed, and
    another one, of another implementation, may take its place.
    """
    try:
        found = _ordered(instance, turn, around)
    except ShoalError as error:
        _failed(instance, error, turn, around)
        return
    if found is None:
        return
    parts, provider, instance = found
    order = _order(instance, parts, turn)
    try:
        ref = call(CREATE, lambda: provider.create(order))
    except NoCapacity as error:
        turn.troubles.full(instance.node, instance.implementation, turn.offered(instance.node), error)
        _fail(instance, error, around)
    except Unreachable as error:
        around.board.set(
            instance, tries=instance.tries - 1
        )  # So that who was never asked for is gone at once.
        _no_answer(instance, error, turn, around)
    except Unavailable as error:
        _no_answer(instance, error, turn, around)
    except ShoalError as error:
        _failed(instance, error, turn, around)
    else:
        around.board.set(instance, "nodecreated", ref=ref, **turned(State.PENDING, around.clock()))


def _ordered(
    instance: Instance, turn: Turn, around: Around
) -> tuple[Contextualised, Provider, Instance] | None:
    """Fill in what the machine is made of, and write down that it is asked for; None: it no longer is."""
    made = turn.made_from(instance)
    if made is None:
        raise NotFound(f"The node {instance.node} has no implementation any more.")
    parts = around.prepare.made_of(turn.description, made, instance, around.board.rows)
    kind, place = str(parts.resource.get("type")), place_of(parts.resource)
    provider = around.clouds.at(kind, place)
    fields: dict[str, Any] = {
        "provider": kind,
        "place": place,
        "saw": parts.saw,
        "price": provider.price(parts.resource),
        "tries": instance.tries + 1,
    }
    if instance.state is State.PLANNED:  # How long it takes to start counts from the first time.
        fields |= turned(State.CREATING, around.clock())
    if not around.board.set(instance, "nodecreating" if instance.tries == 0 else "", **fields):
        return None
    return parts, provider, instance._replace(**fields)


def _order(instance: Instance, parts: Contextualised, turn: Turn) -> Order:
    return Order(
        infra=instance.infra,
        infra_name=turn.description.name,
        instance=instance.id,
        node=instance.node,
        name=instance.name,
        resource=parts.resource,
        user_data=parts.user_data,
        env=parts.env,
        command=parts.command,
    )


def _no_answer(instance: Instance, error: ShoalError, turn: Turn, around: Around) -> None:
    if turn.troubles.call_failed(instance.id, error) < turn.troubles.attempts:
        around.board.set(instance, reason=error.message)
        return
    turn.troubles.full(instance.node, instance.implementation, turn.offered(instance.node), error)
    _fail(instance, error, around)


def _failed(instance: Instance, error: ShoalError, turn: Turn, around: Around) -> None:
    turn.troubles.refused(instance.node, instance.implementation, turn.offered(instance.node), error)
    _fail(instance, error, around)


def _fail(instance: Instance, error: ShoalError, around: Around) -> None:
    around.board.set(instance, "nodefailed", **turned(State.FAILED, around.clock(), str(error)))
