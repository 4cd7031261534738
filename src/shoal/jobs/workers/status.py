"""What a supervisor tells about its workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shoal.base.errors import ShoalError

WorkerState = Literal["starting", "idle", "busy", "ending"]


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One worker process; `job` and `seconds` tell what it runs and since when."""

    number: int
    pid: int | None
    state: WorkerState
    job: int | None = None
    kind: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The workers, how many leases wait in hand, and what keeps outcomes from being recorded, if anything."""

    workers: tuple[WorkerStatus, ...] = ()
    ahead: int = 0
    fork_server: int | None = None
    trouble: ShoalError | None = None
