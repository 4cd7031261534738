"""The one kind of job here: a host, which follows live tasks for as long as the server is there.

A host's spec is `{"number": N}`. Where it finds the server is told to its worker and never kept, in
`context.terms["live"]`: `run` is the folder of the socket and the key (`wire.SOCKET`, `wire.KEY`), `tasks` is
that of the tasks; `checkpoint` (seconds) and `waiting_rows` are as in the settings.
"""

from __future__ import annotations

from shoal.jobs.kinds import Kind, register

HOST = Kind("live.host", "shoal.live.host.process:run", elsewhere=False, grace=10.0)
LABEL = "live"  # what the hosts' own pool offers, and no other
TERMS = "live"  # under which name a host's worker is told where the server is


def register_kinds() -> None:
    """Make the kind known to this process."""
    register(HOST)
