"""What the server needs of the house it serves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from shoal.base.database import Database
from shoal.base.errors import ShoalError
from shoal.base.home import Home
from shoal.base.settings import Settings
from shoal.infra.infrastructures import Infrastructures
from shoal.jobs.requests.submitting import Requests
from shoal.jobs.scripts.catalogue import Catalogue
from shoal.jobs.workers.supervisor import Supervisor
from shoal.live.tasks import Live
from shoal.storage.backend import Storage


class Room(Protocol):
    """Something in the house that works by itself, in processes or threads that may die."""

    @property
    def trouble(self) -> ShoalError | None:
        """Return what keeps its work from going on now, as far as that is known without asking anybody."""

    def check(self) -> None:
        """Pass when its work goes on; may read the database. Raises what keeps it from that."""


class House(Protocol):
    """Everything of one home, held by this process."""

    @property
    def home(self) -> Home:
        """Return the folder and its lock."""

    @property
    def settings(self) -> Settings:
        """Return the settings."""

    @property
    def database(self) -> Database:
        """Return the open database."""

    @property
    def storage(self) -> Storage:
        """Return where files are."""

    @property
    def catalogue(self) -> Catalogue:
        """Return which functions may be run."""

    @property
    def live(self) -> Live:
        """Return the live tasks."""

    @property
    def infra(self) -> Infrastructures:
        """Return the infrastructures."""

    @property
    def requests(self) -> Requests:
        """Return what makes jobs of requests."""

    @property
    def supervisor(self) -> Supervisor | None:
        """Return who runs the jobs, or None when this process runs none."""

    @property
    def rooms(self) -> Mapping[str, Room]:
        """Return by name what works by itself."""

    def start_workers(self) -> Supervisor:
        """Start who runs the jobs."""

    @property
    def spool(self) -> Path:
        """Return an existing folder for uploads that are not yet whole."""
