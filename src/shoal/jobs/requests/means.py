"""What planning needs of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shoal.base.settings import Settings
from shoal.storage.backend import Storage


class Catalogue(Protocol):
    """Where functions are looked up."""

    def check(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], *, has_data: bool) -> None:
        """Pass when a function may be called so; raises InvalidInput and NotFound. Blocks."""

    def located(self, name: str) -> Mapping[str, str]:
        """Return a function's `source`, its name there (`function`) and `code_hash`; raises NotFound."""


@dataclass(frozen=True, slots=True)
class Means:
    """The settings of the house, its files and its functions."""

    settings: Settings
    storage: Storage
    catalogue: Catalogue
