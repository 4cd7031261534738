"""Make of a fresh machine what its contextualisation says, where it does not do that itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from shoal.base.errors import ShoalError, Unavailable
from shoal.infra.configuring import ansible
from shoal.infra.contexts.contextualising import Contextualised
from shoal.infra.deciding.seeing import turned
from shoal.infra.model import Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import RUN, call
from shoal.infra.states import State

_TAIL = 300  # characters of a script's output that a reason holds


def configure(instance: Instance, turn: Turn, around: Around) -> None:
    """Run an instance's script; one that fails goes on later, a few times, where it failed."""
    try:
        parts = made_of(instance, turn, around)
        if not around.clouds.of(instance).contextualises:
            run_script(instance, parts.script, turn.description.policy.start_timeout, around)
        if parts.config_management is not None:
            _manage(instance, parts.config_management, turn, around)
    except ShoalError as error:
        tries = turn.troubles.call_failed(instance.id, error)
        fields = {"reason": str(error)}
        if tries >= turn.troubles.attempts:
            fields = turned(State.FAILED, around.clock(), str(error))
        around.board.set(instance, "nodefailed" if "state" in fields else "", **fields)
        return
    fields = turned(State.CHECKING, around.clock()) | {"saw": parts.saw}
    around.board.set(instance, "nodeconfigured", **fields)


def drain(instance: Instance, turn: Turn, around: Around) -> None:
    """Let a machine finish what it does before it is dropped; that it cannot does not keep it."""
    try:
        script = made_of(instance, turn, around).drain
        run_script(instance, script, turn.description.policy.drain_timeout, around)
    except (ShoalError, NotImplementedError) as error:
        with around.log(instance.id) as tell:
            tell(f"== not drained: {error}\n".encode())
    around.board.set(instance, "", **turned(State.DROPPING, around.clock(), instance.reason))


def run_script(instance: Instance, script: str, timeout: float, around: Around) -> None:
    """Run a script in an instance's machine, and its output into the instance's log.

    Raises:
        Unavailable: it failed, or the machine could not be reached.
    """
    if not script or instance.ref is None:
        return
    ref, tail, provider = instance.ref, bytearray(), around.clouds.of(instance)
    with around.log(instance.id) as tell:

        def told(piece: bytes) -> None:
            tail.extend(piece)
            del tail[:-_TAIL]
            tell(piece)

        code = call(RUN, lambda: provider.run(ref, script, told, timeout))
    if code:
        # From a whole word on: half a secret would not be known as one.
        said = tail.decode(errors="replace")
        said = (said.partition(" ")[2] if len(tail) == _TAIL else said).strip()
        raise Unavailable(f"A script of {instance.name} ended with exit code {code}: {said}", exit_code=code)


def _manage(instance: Instance, section: Mapping[str, Any], turn: Turn, around: Around) -> None:
    """Let a configuration manager do its part; only Ansible is known so far."""
    made, provider = turn.made_from(instance), around.clouds.of(instance)
    if section.get("type") != "ansible" or made is None or instance.ref is None:
        return
    facts = around.prepare.facts(turn.description, made, instance, around.board.rows)
    run = None if provider.contextualises else partial(provider.run, instance.ref)
    with around.log(instance.id) as tell:
        call(RUN, lambda: ansible.configure(section, facts, run, tell))


def made_of(instance: Instance, turn: Turn, around: Around) -> Contextualised:
    """Return what an instance is made of by now."""
    made = turn.made_from(instance)
    if made is None:
        return Contextualised({})
    return around.prepare.made_of(turn.description, made, instance, around.board.rows)
