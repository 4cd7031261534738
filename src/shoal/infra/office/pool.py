"""The processes that make passes: a pool of their own, so that they never take a worker from other jobs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from shoal.base.database import Database
from shoal.base.errors import ShoalError
from shoal.base.settings import Infra as Settings
from shoal.infra.kinds import KEEPER, KINDS, SWEEP, TERMS
from shoal.infra.store import faults
from shoal.infra.store.passing import LABEL, labels_of
from shoal.jobs.model import HOUSE, NewJob, Retry
from shoal.jobs.states import ENDS
from shoal.jobs.store import reading, rerunning, services, submission
from shoal.jobs.workers.supervisor import Supervisor

PRELOAD = ("shoal.infra.passes.passing", "shoal.infra.passes.keeping")
_SOON = Retry(
    max_attempts=1_000_000, on=("error", "timeout", "lost", "memory", "exit"), backoff=0.5, max_delay=30.0
)


class Places(NamedTuple):
    """The folders of a home that are needed: of infrastructures, of stored files, of logs."""

    infra: Path
    files: Path
    logs: Path


class Workers:
    """Keep so many processes alive once `start` was called, and the keeper among their jobs."""

    def __init__(self, database: Database, places: Places, settings: Settings, engine: str | None) -> None:
        """Prepare; nothing runs yet. `engine` is where the container engine listens."""
        self._database = database
        self._places = places
        self._settings = settings
        self._engine = engine
        self._pool: Supervisor | None = None
        self._home: str | None = None
        self._keeper: int | None = None
        self._starting = threading.Lock()

    @property
    def started(self) -> bool:
        """Say whether there should be processes."""
        return self._pool is not None

    @property
    def trouble(self) -> ShoalError | None:
        """Return what keeps them from being there."""
        return self._pool.trouble if self._pool is not None else None

    def check(self) -> None:
        """Pass when passes are made and the keeper is at work, or nobody needs them yet.

        A keeper that somebody has ended begins again.

        Raises:
            ShoalError: what keeps them from that.
        """
        if (trouble := self.trouble) is not None:
            raise trouble
        if self._home is not None and self._keeper is not None:
            self.start(self._home)
            self._database.read(partial(services.check, ids=[self._keeper]))

    def start(self, home: str) -> None:
        """Start the processes, if they are not there, and the keeper, if somebody has ended it."""
        with self._starting:
            self._home = home
            if not self._is_kept():
                self._keeper = self._database.write(faults.KEEPER, partial(_ensure_keeper, home=home))
            if self._pool is None:
                self._pool = self._made(home)
                self._pool.start()

    def stop(self) -> None:
        """End the processes; what they do is taken up again by others."""
        with self._starting:
            if self._pool is not None:
                self._pool.stop()

    def _is_kept(self) -> bool:
        if self._keeper is None:
            return False
        state = self._database.read(partial(reading.states, ids=[self._keeper])).get(self._keeper)
        return state is not None and state not in ENDS

    def _made(self, home: str) -> Supervisor:
        return Supervisor(
            self._database,
            self._places.files,
            self._settings.passes + 1,  # one for the keeper, which does not end
            self._places.logs,
            PRELOAD,
            name=f"{socket.gethostname()}:{self._places.infra.resolve()}",
            labels=labels_of(home),
            terms={TERMS: self._terms()},
            kinds=[kind.name for kind in KINDS],
        )

    def _terms(self) -> Mapping[str, Any]:
        credentials = self._settings.credentials
        return {
            "home": str(self._places.infra),
            "credentials": None if credentials is None else str(credentials),
            "parallel": self._settings.parallel,
            "interval": self._settings.interval,
            "patience": {"missing": self._settings.missing},
            "commands": self._settings.commands,
            "engine": self._engine,
        }


def submit_sweep(conn: Connection, home: str, owner: str | None, drop: bool) -> int:
    """Hand in a job that looks for machines that nobody knows, and return its id."""
    spec = {"home": home, "owner": owner, "drop": drop}
    job = NewJob(
        SWEEP.name, spec, name="sweep of machines", labels=labels_of(home), group=f"{LABEL}:sweep:{home}"
    )
    return submission.submit(conn, HOUSE, [job])[0]


def _ensure_keeper(conn: Connection, home: str) -> int:
    """Return the job that looks after what is attached; one that somebody ended begins again."""
    job = NewJob(
        KEEPER.name,
        {"home": home},
        name="keeper of infrastructures",
        labels=labels_of(home),
        retry=_SOON,
        service=True,
        relaxed=True,
        idempotency_key=f"{LABEL}.keeper.{home}",
    )
    ids = submission.submit(conn, HOUSE, [job])
    states = reading.states(conn, ids)
    if ended := [id_ for id_ in ids if states[id_] in ENDS]:
        rerunning.rerun(conn, ended)
    return ids[0]
