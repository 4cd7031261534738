"""Requests that wait until something changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from shoal.server.waking import changed, told_of, trouble_of, wakes

__all__ = ["LATEST", "After", "Wait", "changed", "told_of", "trouble_of", "wakes"]

LATEST = 2**63 - 1
Wait = Annotated[
    float, Query(ge=0, le=60, description="seconds the answer may wait for a change, unless it has ended")
]
After = Annotated[
    int | None, Query(ge=0, le=LATEST, description="`seq` of the answer before: changes since then count")
]
