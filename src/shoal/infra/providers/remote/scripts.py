"""Run a script on a host, as root."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Callable

from shoal.base.errors import Unavailable
from shoal.infra.providers.overdue import killed
from shoal.infra.providers.remote.connection import Connection

_PUT = 'umask 077; mkdir -p "$HOME/.shoal/run"; cat >"$HOME/.shoal/run/$1"'
# sshd makes whatever it runs the leader of a group.
_RUN = """\
f=$HOME/.shoal/run/$1; cd; echo $$ >"$f.pid"
{root}sh "$f" </dev/null 2>&1; code=$?
rm -f "$f" "$f.pid"; exit $code
"""
_KILL = """\
f=$HOME/.shoal/run/$1; p=$(cat "$f.pid"); rm -f "$f" "$f.pid"
{root}kill -TERM "-$p"; sleep 0.2; {root}kill -KILL "-$p" 2>/dev/null
"""


async def run(
    connection: Connection, root: str, script: str, tell: Callable[[bytes], None], timeout: float
) -> int:
    """Run a script and return its exit code, 124 when it was killed for taking too long."""
    name = secrets.token_hex(8)
    code, said = await connection.ask(_words(_PUT, name), script.encode())
    if code:
        raise Unavailable(f"A script could not be put on a host: {said.decode(errors='replace').strip()}.")
    try:
        return await connection.run(_words(_RUN.format(root=root), name), tell, timeout)
    except TimeoutError:
        await connection.ask(_words(_KILL.format(root=root), name))
        return killed(tell, timeout)


def _words(program: str, name: str) -> str:
    return f"exec sh -c {shlex.quote(program)} sh {name}"
