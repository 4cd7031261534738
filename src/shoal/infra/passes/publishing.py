"""Fetch the files that a machine publishes, before it counts as ready."""

from __future__ import annotations

import base64
import shlex

from shoal.base.errors import NotFound, ShoalError
from shoal.infra.model import Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import RUN, call
from shoal.infra.passes.configuring import made_of

_SECONDS = 30.0
_LARGEST = 1 << 20  # bytes of a file


def publish(instance: Instance, turn: Turn, around: Around) -> str:
    """Keep what an instance's machine publishes; return why it cannot be had, "" when it can."""
    made, provider = turn.made_from(instance), around.clouds.of(instance)
    if made is None or not made.publish or provider.contextualises:
        return ""
    try:
        for path in made_of(instance, turn, around).publish:
            around.publish(instance.id, path, _fetched(instance, path, around))
    except ShoalError as error:
        return f"it has not published its files: {error}"
    return ""


def _fetched(instance: Instance, path: str, around: Around) -> bytes:
    provider, ref, output = around.clouds.of(instance), instance.ref or "", bytearray()
    script = f"test -r {shlex.quote(path)} && head -c {_LARGEST} {shlex.quote(path)} | base64\n"
    if call(RUN, lambda: provider.run(ref, script, output.extend, _SECONDS)):
        raise NotFound(f"{path} is not there.")
    return base64.b64decode(output)
