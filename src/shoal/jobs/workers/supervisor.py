"""The house's own pool of workers: beside the database and the files."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shoal.base.database import Database
from shoal.jobs.model import WorkerId
from shoal.jobs.workers.dispatcher import Options
from shoal.jobs.workers.house_desk import HouseDesk
from shoal.jobs.workers.nursery import PRELOAD, Nursery
from shoal.jobs.workers.pool import Pool


class Supervisor(Pool):
    """Run the jobs of a database on this machine."""

    def __init__(
        self,
        database: Database,
        storage_root: Path,
        workers: int,
        log_folder: Path,
        preload: Sequence[str] = PRELOAD,
        *,
        name: str | None = None,
        labels: Sequence[str] = (),
        resources: Mapping[str, float] | None = None,
        lease_seconds: float = 30.0,
        nursery: Nursery | None = None,
        terms: Mapping[str, Any] | None = None,
        kinds: Sequence[str] | None = None,
        **patience: float,
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            database: where the jobs are, migrated.
            storage_root: the folder of the file storage.
            workers: how many processes.
            log_folder: where attempts' logs go.
            preload: modules the fork server imports before it forks, and whose `warm()` it calls.
            name: the pool's own name; leases left under it by a process before us are taken back.
            labels: what the workers offer to jobs that demand labels.
            resources: amounts they offer; `cpu` is the number of workers if it is not given.
            lease_seconds: how long a lease lasts without a heartbeat.
            nursery: a fork server that was started early; it is closed with this.
            terms: what runners are told of programs and their bounds (`shoal.jobs.sandbox.terms`).
            kinds: the only kinds of job it takes; all that this process knows when it is not given.
            patience: `heartbeat`, `hung_after`, `cancel_grace`, `term_grace` of `Options`.
        """
        host = socket.gethostname()
        desk = HouseDesk(
            database,
            WorkerId(name or f"{host}:{storage_root.resolve()}", host),
            tuple(labels),
            {"cpu": float(workers)} | dict(resources or {}),
            lease_seconds,
            kinds,
        )
        options = Options(
            storage_root, log_folder, workers, tuple(preload), terms=dict(terms or {}), **patience
        )
        super().__init__(desk, options, nursery)
