"""The job of `experiment_queue`."""

from __future__ import annotations

from typing import Any

from shoal.jobs.workers.context import Context


def nothing(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Do nothing."""
    return {"n": 1}
