"""What the work of one pass shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from shoal.infra.deciding.origin import Origins, candidates
from shoal.infra.deciding.patience import Patience
from shoal.infra.model import Description, Health, Implementation, Infrastructure, Instance
from shoal.infra.passes.board import Board
from shoal.infra.passes.clouds import Clouds
from shoal.infra.passes.preparing import Preparer
from shoal.infra.passes.setbacks import Troubles
from shoal.infra.providers.provider import Provider

Checker = Callable[[Instance, Health, Provider], str]
Log = Callable[[str], AbstractContextManager[Callable[[bytes], None]]]


@dataclass(frozen=True, slots=True)
class Around:
    """`check` returns what is wrong with an instance's health, `log` opens an instance's log.

    `publish` keeps a file of an instance, by its path.

    `clock` tells microseconds since 1970, `sleep` waits for some seconds.
    """

    infra: str
    board: Board
    clouds: Clouds
    prepare: Preparer
    check: Checker
    log: Log
    clock: Callable[[], int]
    sleep: Callable[[float], None]
    patience: Patience
    publish: Callable[[str, str, bytes], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """One wish, as long as it is the newest."""

    infrastructure: Infrastructure
    description: Description
    origins: Origins
    troubles: Troubles
    prices: Mapping[tuple[str, int], float]

    def made_from(self, instance: Instance) -> Implementation | None:
        """Return the implementation of an instance."""
        return self.origins.implementation(instance)

    def offered(self, name: str) -> int:
        """Return how many implementations a node has."""
        node = self.description.node(name)
        return len(candidates(self.description, node)) if node is not None else 0
