"""What planning needs of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shoal.base.settings import Settings
from shoal.storage.backend import Storage


class Catalogue(Protocol):
    """Where functions are looked up."""

    def located(self, name: str) -> Mapping[str, str]:
        """Return a function's `source`, its name there (`function`) and `code_hash`; raises NotFound."""


@dataclass(frozen=True, slots=True)
class Means:
    """The settings of the house, its files and its functions."""

    settings: Settings
    storage: Storage
    catalogue: Catalogue
