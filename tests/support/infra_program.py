"""A cluster's whole life, for tests that kill whoever leads it: built, healed, scaled, destroyed.

It can be begun again after any death: each step that was completed is a line of the file `steps`. After each
the machines that there really are must be those that are wanted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import shoal.infra.passes.keeping
import shoal.infra.passes.passing
import shoal.infra.providers.simulated  # noqa: F401  (imported once, before each program is forked)
from shoal.base.settings import load_settings
from shoal.infra.infrastructures import Infrastructures
from shoal.infra.model import Infrastructure
from shoal.infra.providers.simulation.cloud import Cloud
from shoal.server.house import House
from tests.support.infra_store import a_bundle

HEALED = "healed-once"


def main(folder: Path, url: str) -> None:
    """Live the whole life, from the step that was not completed on."""
    settings = {"home": folder / "home", "workers": 1, "infra": {"passes": 1, "interval": 0.5}}
    if url:
        settings["database"] = url
    with House(load_settings(settings)) as house:
        house.infra.start()  # as a server does: what was begun goes on
        asyncio.run(_Life(house.infra, folder).lived())


class _Life:
    def __init__(self, infra: Infrastructures, folder: Path) -> None:
        self._infra = infra
        self._folder = folder
        self._steps = folder / "steps"

    async def lived(self) -> None:
        built = await self._infra.build("me", a_bundle(), key="life")
        for name, wish, wanted in (
            ("build", None, {"master": 1, "worker": 2}),
            ("heal", self._heal, {"master": 1, "worker": 2}),
            ("scale", self._scale, {"master": 1, "worker": 3}),
            ("destroy", self._destroy, {}),
        ):
            if name not in (self._steps.read_text().split() if self._steps.exists() else []):
                if wish is not None:
                    await wish(built.id)
                await self._reached(built.id, wanted)
                with self._steps.open("a") as file:
                    file.write(f"{name}\n")

    async def _heal(self, id: str) -> None:
        """Let a worker die, once."""
        mark = self._folder / HEALED
        if not mark.exists():
            victim = next(each for each in await self._infra.instances(id) if each.node == "worker")
            self._cloud(id).befall(victim.id, "dies")
            mark.touch()
        await self._infra.heal(id)

    async def _scale(self, id: str) -> None:
        await self._infra.scale(id, "worker", to=3)

    async def _destroy(self, id: str) -> None:
        await self._infra.destroy(id)

    async def _reached(self, id: str, wanted: Mapping[str, int]) -> None:
        end: Infrastructure = await self._infra.wait(id, timeout=40)
        assert end.done == end.turn, end
        assert end.phase == ("ready" if wanted else "destroyed"), end
        there = self._cloud(id).there()
        assert Counter(row.node for row in there) == Counter(wanted), there
        known = {each.id for each in await self._infra.instances(id)}
        assert {row.instance for row in there} == known, (there, known)

    def _cloud(self, id: str) -> Cloud:
        return Cloud(self._folder / "home" / "infra" / id)
