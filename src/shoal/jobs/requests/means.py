"""What planning needs of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shoal.base.settings import Settings
from shoal.storage.backend import Storage


class Catalogue(Protocol):
    """Where functions are looked up."""

    def code_hash(self, name: str) -> str:
        """Return the hash of a function's code, "" when it is not known; raises NotFound."""


@dataclass(frozen=True, slots=True)
class Means:
    """The settings of the house, its files and its functions."""

    settings: Settings
    storage: Storage
    catalogue: Catalogue | None = None
