"""Make of a fresh machine what its contextualisation says, where it does not do that itself."""

from __future__ import annotations

from shoal.base.errors import ShoalError, Unavailable
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
        parts = _parts(instance, turn, around)
        run_script(instance, parts.script, turn.description.policy.start_timeout, around)
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
        script = _parts(instance, turn, around).drain
        run_script(instance, script, turn.description.policy.drain_timeout, around)
    except (ShoalError, NotImplementedError) as error:
        around.log(instance.id, f"== not drained: {error}\n".encode())
    around.board.set(instance, "", **turned(State.DROPPING, around.clock(), instance.reason))


def run_script(instance: Instance, script: str, timeout: float, around: Around) -> None:
    """Run a script in an instance's machine, and its output into the instance's log.

    Raises:
        Unavailable: it failed, or the machine could not be reached.
    """
    if not script or instance.ref is None:
        return
    ref, tail = instance.ref, bytearray()

    def tell(piece: bytes) -> None:
        tail.extend(piece)
        del tail[:-_TAIL]
        around.log(instance.id, piece)

    provider = around.clouds.of(instance)
    code = call(RUN, lambda: provider.run(ref, script, tell, timeout))
    if code:
        said = tail.decode(errors="replace").strip()
        raise Unavailable(f"A script of {instance.name} ended with exit code {code}: {said}", exit_code=code)


def _parts(instance: Instance, turn: Turn, around: Around) -> Contextualised:
    made = turn.made_from(instance)
    if made is None:
        return Contextualised({})
    return around.prepare.made_of(turn.description, made, instance, around.board.rows)
