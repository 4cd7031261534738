"""A home with everything in it: settings, database, files, and the workers that do the jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection

from shoal.access.actor import OWNER
from shoal.base.database import Database, open_database
from shoal.base.faults import fault_point
from shoal.base.home import Home
from shoal.base.settings import Settings, resolve_secret
from shoal.infra.infrastructures import Infrastructures
from shoal.infra.office.pool import Places as InfraPlaces
from shoal.jobs import kinds
from shoal.jobs.containers import leftovers as containers
from shoal.jobs.containers.finding import ENGINE
from shoal.jobs.data.mongodb import MONGODB
from shoal.jobs.requests import kinds as request_kinds
from shoal.jobs.requests.means import Means
from shoal.jobs.requests.request import read
from shoal.jobs.requests.submitting import Requests
from shoal.jobs.runners import kinds as runner_kinds
from shoal.jobs.sandbox import leftovers
from shoal.jobs.sandbox.terms import of as terms_of
from shoal.jobs.schedules import kinds as schedule_kinds
from shoal.jobs.scripts.catalogue import Catalogue
from shoal.jobs.store import limits
from shoal.jobs.webhooks import kinds as webhook_kinds
from shoal.jobs.webhooks.addresses import Policy
from shoal.jobs.webhooks.terms import told
from shoal.jobs.workers.nursery import PRELOAD, Nursery
from shoal.jobs.workers.supervisor import Supervisor
from shoal.live.office.office import Places
from shoal.live.tasks import Live
from shoal.migrations.upgrading import upgrade
from shoal.server.listener import parse
from shoal.server.parts import Room
from shoal.storage.files import FileStorage
from shoal.studies.kinds import register_kinds

LIMITED = fault_point("limits.everyone", "The limit of every owner is that of the settings.")
# `house` only we offer: what must run beside our files demands it. `batch` is so that batches need no node.
OWN_LABELS = ("house", "batch")


class House:
    """Hold a home for this process. Use it as a context manager, or call `close`."""

    def __init__(self, settings: Settings) -> None:
        """Take the home's lock, open its database and bring that to the present schema.

        Raises:
            HomeInUse: another process holds the home.
            Forbidden, StorageFull, Unavailable: the home or its database cannot be used.
        """
        self.settings = settings
        self.supervisor: Supervisor | None = None
        with ExitStack() as opened:
            self.home = Home.open(settings.home, wait=settings.home_wait)
            opened.callback(self.home.close)
            self.database = open_database_of(settings, self.home)
            opened.callback(self.database.close)
            upgrade(self.database)
            self._closing = opened.pop_all()
        self.storage = FileStorage(self.home.files)
        terms = terms_of(settings.execution, self.home.path)
        self.catalogue = Catalogue(settings.execution.scripts, self.home.path / "scripts", terms)
        self._closing.callback(self.catalogue.close)
        self.live = self._live()
        self.infra = self._infra()
        self.requests = Requests(Means(settings, self.storage, self.catalogue))
        register_kinds()
        runner_kinds.register_kinds()
        request_kinds.register_kinds()
        webhook_kinds.register_kinds()
        schedule_kinds.register_kinds(self._repeat)

    @property
    def rooms(self) -> Mapping[str, Room]:
        """Return by name what works by itself."""
        own = {"workers": self.supervisor} if self.supervisor is not None else {}
        return {**own, "live": self.live, "infra": self.infra}

    @property
    def spool(self) -> Path:
        """Return the folder for uploads that are not yet whole."""
        folder = self.home.run / "spool"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _live(self) -> Live:
        """Return the live tasks of the home, which end before the database is closed."""
        home = self.home
        places = Places(home.live, home.run, home.files, home.logs)
        live = Live(self.database, self.storage, places, self.settings.live)
        self._closing.callback(live.close)
        return live

    def _infra(self) -> Infrastructures:
        """Return the infrastructures of the home, whose passes end before the database is closed."""
        home, settings = self.home, self.settings
        places = InfraPlaces(home.infra, home.files, home.logs)
        infra = Infrastructures(self.database, places, settings.infra, settings.containers.engine)
        self._closing.callback(infra.close)
        return infra

    def start_workers(self, nursery: Nursery | None = None) -> Supervisor:
        """Start the workers of this machine; the house ends them when it closes.

        `nursery` is a fork server that was started earlier, to save its start-up time.
        """
        alone = self.settings.workers == 0  # Then it does only what no node may do.
        terms, engine = terms_of(self.settings.execution, self.home.path), self.settings.containers.engine
        leftovers.end(Path(terms.nest))
        self._limit_owners()
        self.supervisor = Supervisor(
            self.database,
            self.home.files,
            self.settings.workers or 1,
            self.home.logs,
            () if alone else PRELOAD,
            labels=(*self.settings.labels, *OWN_LABELS),
            nursery=nursery,
            kinds=kinds.not_elsewhere() if alone else None,
            terms=terms.plain()
            | {ENGINE: engine, MONGODB: self.settings.mongodb}
            | told(self.home.path, _policy(self.settings)),
        )
        self.supervisor.start()
        Thread(target=containers.clear, args=(engine, terms.nest), name="containers", daemon=True).start()
        self._closing.callback(self.supervisor.stop)
        return self.supervisor

    def _repeat(self, conn: Connection, owner: str, template: Mapping[str, Any]) -> Sequence[int]:
        """Submit what a schedule holds, if the settings still allow it; there are no accounts yet to ask."""
        request = read(template)
        self.requests.allow(OWNER, request)
        return self.requests.submit(conn, owner, request)

    def _limit_owners(self) -> None:
        """Let the setting be the limit of every owner who has none of their own."""
        n = self.settings.limits.jobs_per_owner or None
        if self.database.read(limits.every).get(limits.EVERYONE) != n:
            self.database.write(LIMITED, partial(limits.set_limit, owner=limits.EVERYONE[1], n=n))

    def close(self) -> None:
        """Stop the workers, close the database, and let go of the home."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _policy(settings: Settings) -> Policy:
    """Let webhooks be told at private addresses while nobody but this machine can ask for it.

    Who gives names that requests may use has something in front that others reach.
    """
    alone = all(parse(text).loopback for text in settings.listen) and not settings.hosts
    return Policy(alone, settings.webhook_hosts)


def open_database_of(settings: Settings, home: Home) -> Database:
    """Open the database that settings name, else SQLite in the home; raises what `open_database` does."""
    if settings.database is None:
        return open_database(f"sqlite:///{home.path / 'shoal.db'}")
    return open_database(resolve_secret(settings.database))
