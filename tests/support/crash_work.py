"""What the jobs of the crash program do, in workers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from shoal.jobs.workers.context import Context
from tests.support.waiting import wait_until


def add(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Sum numbers, telling of it in every way."""
    total = sum(spec["numbers"])
    context.log(f"item {spec['item']}: {total}")
    context.progress(1, 2)
    time.sleep(spec["pause"])  # Long enough for its lease to be looked at.
    return {"total": total, "artifact": context.artifact("total.txt", str(total).encode())}


def wait(spec: dict[str, Any], context: Context) -> None:
    """Run until told to stop."""
    Path(spec["running"]).touch()
    wait_until(context.cancelled, timeout=60)
    context.check()
