"""What a look at the machines, or at their health, changes in the rows of their instances."""

from __future__ import annotations

from typing import Any

from shoal.infra.model import Instance
from shoal.infra.providers.provider import Machine, Standing
from shoal.infra.states import State

Change = dict[str, Any]
_ASKED_FOR = frozenset({State.PENDING, State.CONFIGURING, State.CHECKING, State.READY, State.AILING})
_OVER = frozenset({Standing.FAILED, Standing.SHUTDOWN})
_DEAD = "its machine is {}"
_MISSING = "its provider does not show it"


def seen(instance: Instance, machine: Machine | None, runs_itself: bool, now: int) -> Change:
    """Return what changes in an instance's row now that its provider has answered; {} for nothing.

    `machine` is None when the answer does not hold it. `runs_itself`: the machine reads its user data, so
    that it is configured as soon as it runs. Whether something is gone is not decided here: only since when.
    """
    if machine is None:
        return _not_shown(instance, now)
    change = _facts(instance, machine)
    if instance.state in (State.CREATING, State.PENDING):
        change |= _on_its_way(instance, machine, runs_itself, now)
    elif instance.state in _ASKED_FOR | {State.FAILED}:
        change |= _there(instance, machine, now)
    return change


def checked(instance: Instance, trouble: str, now: int) -> Change:
    """Return what changes now that an instance's health was looked at; `trouble` is "" when it is well."""
    if instance.state not in (State.CHECKING, State.READY, State.AILING):
        return {}
    if trouble:
        return _unwell(instance, trouble, now)
    if instance.state is State.READY or instance.missing_since is not None:
        return {}
    first = {} if instance.ready is not None else {"ready": now}
    return {"state": State.READY, "since": now, "reason": "", "failing_since": None} | first


def turned(state: State, now: int, reason: str = "") -> Change:
    """Return the change of an instance that gets another state."""
    return {"state": state, "since": now, "reason": reason}


def shown_before(instance: Instance) -> bool:
    """Say whether an instance's machine has ever been shown by its provider."""
    return bool(instance.addresses) or instance.ready is not None


def _not_shown(instance: Instance, now: int) -> Change:
    if instance.missing_since is not None:
        return {}
    if instance.state is State.READY:
        return turned(State.AILING, now, _MISSING) | {"missing_since": now}
    return {"missing_since": now} if instance.state in _ASKED_FOR | {State.DROPPING, State.FAILED} else {}


def _facts(instance: Instance, machine: Machine) -> Change:
    """Return what the machine says of itself that the row does not hold yet."""
    told: Change = {"ref": machine.ref, "missing_since": None}
    if machine.addresses:
        told |= {"addresses": tuple(machine.addresses), "private": machine.private}
    return {name: value for name, value in told.items() if getattr(instance, name) != value}


def _on_its_way(instance: Instance, machine: Machine, runs_itself: bool, now: int) -> Change:
    if machine.standing in _OVER:
        return turned(State.FAILED, now, _said(machine))
    if machine.standing is Standing.READY:
        return turned(State.CHECKING if runs_itself else State.CONFIGURING, now)
    # One that is half made, as whoever made it died, is pending too: it is asked for until that is answered.
    if instance.state is State.PENDING and machine.standing is Standing.AILING:
        return {} if instance.reason == _said(machine) else {"reason": _said(machine)}
    return {}


def _there(instance: Instance, machine: Machine, now: int) -> Change:
    if instance.state is State.FAILED:
        back = machine.standing is Standing.READY and instance.ready is not None
        return turned(State.AILING, now, "its machine runs again") | {"failing_since": None} if back else {}
    if machine.standing in _OVER:
        return turned(State.FAILED, now, _said(machine))
    if machine.standing is Standing.READY:
        return {}
    return _unwell(instance, _said(machine), now)


def _unwell(instance: Instance, reason: str, now: int) -> Change:
    change: Change = {} if instance.failing_since is not None else {"failing_since": now}
    if instance.state is State.READY:
        return change | turned(State.AILING, now, reason)
    return change if instance.reason == reason else change | {"reason": reason}


def _said(machine: Machine) -> str:
    return _DEAD.format(machine.standing.value) + (f": {machine.detail}" if machine.detail else "")
