"""An infrastructure as lists show it, and those that the home page tells of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shoal.infra.model import Infrastructure
from shoal.infra.states import Phase
from shoal.server.api.infra_views import infra_line
from shoal.server.pages.infra.words import look_of
from shoal.server.pages.look import Look
from shoal.server.parts import House

MOST_AT_HOME, MOST_LOOKED_AT = 5, 100
_FIRST = {Phase.FAILED: 0, Phase.DEGRADED: 1, Phase.BUILDING: 2, Phase.DESTROYING: 2}


class Line(NamedTuple):
    """An infrastructure, how many of its machines are ready, and how many are wanted."""

    infra: Infrastructure
    look: Look
    ready: int
    wanted: int

    @property
    def stands(self) -> bool:
        """Say whether there may be machines of it."""
        return self.infra.phase is not Phase.DESTROYED

    @property
    def moves(self) -> bool:
        """Say whether its machines are being made or removed."""
        return self.infra.phase in (Phase.NEW, Phase.BUILDING, Phase.DESTROYING)

    @property
    def trouble(self) -> str:
        """Return why it is not as it is wished, or nothing."""
        return str((self.infra.error or {}).get("message") or "")


async def lines(house: House, found: Sequence[Infrastructure]) -> list[Line]:
    """Return infrastructures as lines, with the numbers that programs are told."""
    counts = await house.infra.standing([one.id for one in found])
    nodes = [infra_line(one, counts[one.id])["nodes"].values() for one in found]
    return [
        Line(one, look_of(one), sum(node["ready"] for node in own), sum(node["target"] for node in own))
        for one, own in zip(found, nodes, strict=True)
    ]


async def lines_at_home(house: House, owner: str | None) -> list[Line]:
    """Return a few that stand: those in trouble first, then those that are being made, then the newest."""
    found = await house.infra.find(owner, limit=MOST_LOOKED_AT)
    found.sort(key=lambda one: _FIRST.get(one.phase, 3))
    return await lines(house, found[:MOST_AT_HOME])
