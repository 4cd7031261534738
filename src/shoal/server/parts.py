"""What the server needs of the house it serves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from shoal.base.database import Database
from shoal.base.home import Home
from shoal.base.settings import Settings
from shoal.storage.backend import Storage


class WorkerStatus(Protocol):
    """Say how the workers of this machine are."""

    def status(self) -> Mapping[str, object]:
        """Return JSON-able facts; `alive` is the number of worker processes that answer."""


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
    def supervisor(self) -> WorkerStatus | None:
        """Return who runs the jobs, or None when this process runs none."""

    @property
    def spool(self) -> Path:
        """Return an existing folder for uploads that are not yet whole."""
