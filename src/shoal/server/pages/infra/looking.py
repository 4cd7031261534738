"""Finding what the pages of an infrastructure show."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from fastapi import Depends, Path

from shoal.access import Action, Actor
from shoal.infra.deciding.targets import wanted
from shoal.infra.errors import Braked
from shoal.infra.model import Description, Infrastructure, Instance, Node
from shoal.infra.plain import description_of
from shoal.infra.states import Phase
from shoal.server.api.infra_finding import PATH as API
from shoal.server.api.infra_finding import found_infra
from shoal.server.pages.infra.words import STATES, look_of
from shoal.server.parts import House
from shoal.server.rules import Rule

PATH = "/app/infra"
Id = Annotated[str, Path(max_length=255)]
Reader = Annotated[Actor, Depends(Rule(Action.INFRA_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.INFRA_CREATE))]
Changer = Annotated[Actor, Depends(Rule(Action.INFRA_CHANGE))]
Remover = Annotated[Actor, Depends(Rule(Action.INFRA_DELETE))]
_GOING = frozenset({Phase.DESTROYING, Phase.DESTROYED})


class Seen:
    """An infrastructure with its machines, as its pages show them."""

    def __init__(self, infra: Infrastructure, instances: list[Instance]) -> None:
        self.infra = infra
        self.instances = instances

    @property
    def here(self) -> str:
        """Return where its page is."""
        return path_of(self.infra)

    @property
    def alive(self) -> bool:
        """Say whether something may be wished of it."""
        return self.infra.phase not in _GOING

    @cached_property
    def description(self) -> Description:
        """Return what is wished."""
        return description_of(self.infra.description)

    def wanted(self, node: Node) -> int:
        """Return how many machines of a node there should be."""
        return wanted(self.description, self.infra.targets, node.name)

    def facts(self) -> Mapping[str, Any]:
        """Return what every template of an infrastructure needs."""
        return {
            "seen": self,
            "infra": self.infra,
            "label": self.infra.name,
            "here": self.here,
            "own_api": f"{API}/{self.infra.id}",
            "alive": self.alive,
            "braked": (self.infra.error or {}).get("code") == Braked.code,
            "look": look_of(self.infra),
            "states": STATES,
        }


async def seen(house: House, actor: Actor, id_: str, action: Action = Action.INFRA_READ) -> Seen:
    """Return an infrastructure that somebody may do something to; raises NotFound and Forbidden."""
    infra = await found_infra(house, actor, action, id_)
    return Seen(infra, await house.infra.instances(infra.id))


def path_of(infra: Infrastructure) -> str:
    """Return where an infrastructure's page is."""
    return f"{PATH}/{infra.id}"
