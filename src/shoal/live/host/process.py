"""The job of a host: connect to the server's office and follow tasks for as long as it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shoal.clustering import live_warm
from shoal.jobs.workers.context import Context
from shoal.live.host.host import Host
from shoal.live.host.line import Line
from shoal.live.kinds import TERMS


def warm() -> None:
    """Load the kernels, in the process that hosts are forked from."""
    live_warm.warm()


def run(spec: dict[str, Any], context: Context) -> None:
    """Follow live tasks until the job is told to stop; each one's state is kept before it ends."""
    terms = context.terms[TERMS]
    line = Line(Path(terms["run"]), int(spec["number"]), str(context.job_id))
    try:
        host = Host(line, context.log, float(terms["checkpoint"]))
        context.when_stopped(lambda reason: host.end())
        host.run()
    finally:
        context.when_stopped(None)
        line.close()
    context.check()
    raise ConnectionError("the office of live tasks hung up")  # Then the job is tried again.
