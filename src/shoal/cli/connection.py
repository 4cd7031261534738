"""Finding the server: the one that is named, the one that holds the home, or one for this command alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoal.base.errors import HomeInUse, InvalidSetting
from shoal.base.home import holder
from shoal.cli.output import say

if TYPE_CHECKING:
    from shoal.base.settings import Layer, Settings
    from shoal.client import Client
    from shoal.jobs.workers.nursery import Nursery
    from shoal.server.house import House


UNBOUNDED = 1 << 62


@dataclass(frozen=True, slots=True)
class Where:
    """What a command was told about where to work."""

    home: Path | None = None
    config: Path | None = None
    database: str | None = None
    workers: int | None = None
    server: str | None = None

    def settings(self, older: Layer | None = None, **more: Any) -> Settings:
        """Return the settings with what was told; `older` is what an older system's configuration says."""
        from shoal.base.settings import load_settings

        flags: Mapping[str, Any] = {"home": self.home, "database": self.database, "workers": self.workers}
        return load_settings({**flags, **more}, self.config, older=older)


@contextmanager
def connected(where: Where, *, work: bool = False) -> Iterator[Client]:
    """Give a client of the server to talk to.

    Without a server the command opens the home and serves itself; `work` starts workers then.
    """
    settings = where.settings()
    found = None if where.server else holder(settings.home)
    url = where.server or (found.url if found else None)
    if url is None:
        with _own_server(settings, work) as client:
            yield client
    else:
        with client_of(url, settings) as client:
            yield client


@contextmanager
def serving(where: Where) -> Iterator[Client]:
    """Give a client of a server that runs, for what goes on after the command.

    Raises:
        Unavailable: none answers.
    """
    from shoal.client.client import DEFAULT_URL

    settings = where.settings()
    found = None if where.server else holder(settings.home)
    with client_of(where.server or (found.url if found and found.url else DEFAULT_URL), settings) as client:
        yield client


@contextmanager
def _own_server(settings: Settings, work: bool) -> Iterator[Client]:
    # Nothing is uploaded: the file is here, and what it may expand to bounds it.
    limits = settings.limits.model_copy(update={"upload": UNBOUNDED})
    settings = settings.model_copy(update={"limits": limits})
    with ExitStack() as opened:
        # First of all: its imports take a second, and overlap with ours.
        nursery = opened.enter_context(_nursery()) if work and settings.workers else None
        try:
            house = opened.enter_context(_house(settings))
        except HomeInUse as held:
            if (url := held.details.get("url")) is None:
                raise
            yield opened.enter_context(client_of(str(url), settings))
            return
        if work and nursery is None:
            raise InvalidSetting(
                "There is nobody to do this: the setting `workers` is 0, and no server is there.",
                hint="Say how many to start: --workers 2",
            )
        if nursery is not None:
            house.start_workers(nursery=nursery)
        from shoal.client import Client
        from shoal.server.embedded import embedded

        # Its socket is in a folder that only this user may enter: it asks for no token, and knows none.
        url = opened.enter_context(embedded(house, house.home.run))
        yield opened.enter_context(Client(url))


@contextmanager
def _nursery() -> Iterator[Nursery]:
    from shoal.jobs.workers.nursery import Nursery

    nursery = Nursery()
    try:
        yield nursery
    finally:
        nursery.close()


def _house(settings: Settings) -> House:
    if (found := holder(settings.home)) is not None and found.url is None:
        say(f"{settings.home} is in use by {found}. Waiting for it to end.")
    from shoal.server.house import House

    return House(settings)


def client_of(url: str, settings: Settings) -> Client:
    """Return a client of a server, with the token and the certificates of the settings."""
    from shoal.base.settings import resolve_secret
    from shoal.client import Client

    token = resolve_secret(settings.server_token) if settings.server_token else None
    return Client(url, token=token, ca=settings.server_ca)
