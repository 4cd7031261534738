"""The hosts' processes: a pool of their own, so that they never take a worker from other jobs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from shoal.base.database import Database
from shoal.base.errors import ShoalError
from shoal.base.faults import fault_point
from shoal.jobs.model import HOUSE, NewJob, Retry
from shoal.jobs.states import ENDS
from shoal.jobs.store import reading, rerunning, services, submission
from shoal.jobs.workers.supervisor import Supervisor
from shoal.live.kinds import HOST, LABEL, TERMS

WANTED = fault_point("live.hosts", "The jobs that follow live tasks are there.")
PRELOAD = ("shoal.live.host.process",)
HUNG = 20.0  # seconds without a sign of life, after which another process takes over
_SOON = Retry(
    max_attempts=1_000_000, on=("error", "timeout", "lost", "memory", "exit"), backoff=0.1, max_delay=10.0
)


class Hosts:
    """Keep so many hosts alive once `start` was called."""

    def __init__(self, database: Database, n: int, files: Path, logs: Path) -> None:
        """Prepare; nothing runs yet. `files` is the folder of the file storage, `logs` that of logs."""
        self._database = database
        self._n = n
        self._files = files
        self._logs = logs
        self._tag = sha256(str(files.resolve()).encode()).hexdigest()[:12]
        self._pool: Supervisor | None = None
        self._ids: list[int] = []
        self._starting = threading.Lock()

    @property
    def started(self) -> bool:
        """Say whether there should be hosts."""
        return self._pool is not None

    @property
    def trouble(self) -> ShoalError | None:
        """Return what keeps hosts from being there."""
        return self._pool.trouble if self._pool is not None else None

    def check(self) -> None:
        """Pass when hosts are at work, or nobody needs them yet; those that somebody has ended begin again.

        Raises:
            ShoalError: what keeps them from that.
        """
        if (trouble := self.trouble) is not None:
            raise trouble
        if self._pool is not None:
            self.renew()
            self._database.read(partial(services.check, ids=self._ids))

    def start(self, terms: Mapping[str, Any]) -> None:
        """Start the hosts; does nothing the second time. It writes to the database."""
        with self._starting:
            if self._pool is None:
                self._ids = self._database.write(WANTED, partial(_ensure, n=self._n, tag=self._tag))
                self._pool = self._made(terms)
                self._pool.start()

    def renew(self) -> None:
        """Begin those again that somebody cancelled or removed."""
        states = self._database.read(partial(reading.states, ids=self._ids))
        if len(states) < len(self._ids) or any(state in ENDS for state in states.values()):
            self._ids = self._database.write(WANTED, partial(_ensure, n=self._n, tag=self._tag))

    def stop(self) -> None:
        """End the hosts at once: what they have not kept is done again."""
        with self._starting:
            if self._pool is not None:
                self._pool.stop()

    def _made(self, terms: Mapping[str, Any]) -> Supervisor:
        return Supervisor(
            self._database,
            self._files,
            self._n,
            self._logs,
            PRELOAD,
            name=f"{socket.gethostname()}:{self._files.resolve()}:live",
            labels=(LABEL, f"{LABEL}:{self._tag}"),
            terms={TERMS: dict(terms)},
            kinds=(HOST.name,),
            hung_after=HUNG,
        )


def _ensure(conn: Connection, n: int, tag: str) -> list[int]:
    """Have a job for each host; one that somebody ended begins again. Returns the jobs."""
    ids = submission.submit(conn, HOUSE, [_job(number, tag) for number in range(1, n + 1)])
    states = reading.states(conn, ids)
    if ended := [id_ for id_ in ids if states[id_] in ENDS]:
        rerunning.rerun(conn, ended)
    return list(ids)


def _job(number: int, tag: str) -> NewJob:
    return NewJob(
        HOST.name,
        {"number": number},
        name=f"live host {number}",
        labels=(LABEL, f"{LABEL}:{tag}"),
        retry=_SOON,
        service=True,
        relaxed=True,
        idempotency_key=f"live.host.{tag}.{number}",
    )
