"""A cluster's whole life through the house, for tests that kill somebody at a named moment of it.

Built, changed, healed, scaled up and down, destroyed. It can be begun again after any death: each step that
is completed is a line of the file `steps`. After each the provider's machines must be those of the rows, and
so many as are wanted; in the end the history must tell of each of them.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import orjson

import shoal.infra.passes.keeping
import shoal.infra.passes.passing
import shoal.infra.providers.process
import shoal.infra.providers.simulated  # noqa: F401  (imported once, before each program is forked)
from shoal.base.errors import Conflict
from shoal.base.settings import Settings, load_settings
from shoal.infra.infrastructures import Infrastructures
from shoal.infra.model import Infrastructure, Instance
from shoal.infra.providers.simulation.cloud import Cloud
from shoal.server.house import House
from tests.support.infra_store import a_bundle

WHOLE = {"master": 1, "worker": 2}
MACHINES = 5  # that ever were: three at first, one for the lost one, one more; two for those that changed
LIMIT = 40.0
_OFTEN = ("nodeconfigured", "nodeready", "nodeailing")


def main(folder: Path, url: str) -> None:
    """Live the whole life, from the step that was not completed on."""
    _live(folder, changes=True)


def short(folder: Path, url: str) -> None:
    """Live without being changed, which takes longest."""
    _live(folder, changes=False)


def of_processes(folder: Path, url: str) -> None:
    """Live with machines that are processes: they are configured, and publish a file."""
    _live(folder, changes=False, kind="process")


def _live(folder: Path, changes: bool, kind: str = "simulated") -> None:
    with House(settings(folder)) as house:
        house.infra.start()  # as a server does: what was begun goes on
        asyncio.run(_Life(house.infra, folder, kind).lived(changes))


def settings(folder: Path) -> Settings:
    """Return the settings of the program's home."""
    infra = {"passes": 1, "interval": 0.5, "missing": 1.0}
    return load_settings({"home": folder / "home", "workers": 1, "infra": infra})


def described(shade: str, kind: str) -> dict[str, Any]:
    """Return a bundle whose workers are made from a variable, a secret and their master's address."""
    bundle = a_bundle()
    bundle["description"]["nodes"][1]["variables"] = {"shade": shade}
    line = "echo {{ variables.shade }} {{ secret('word') }} {{ getip('master') }} > known"
    context = {"type": "cloudinit", "context_template": {"runcmd": [line]}}
    plain = {"resource": {"type": kind, "price": 0.5}}
    shown = {"publish": ["known"]} if kind == "process" else {}
    bundle["definitions"] = {
        "master_node": [plain],
        "worker_node": [plain | {"contextualisation": context} | shown],
    }
    return bundle


class _Life:
    def __init__(self, infra: Infrastructures, folder: Path, kind: str) -> None:
        self._infra = infra
        self._kind = kind
        self._folder = folder
        self._steps = folder / "steps"

    async def lived(self, changes: bool) -> None:
        id_ = (await self._infra.build("me", described("blue", self._kind), key="life")).id
        for name, wish, wanted in (
            ("built", None, WHOLE),
            *((("changed", self._change, WHOLE),) if changes else ()),
            ("healed", self._lose_one, WHOLE),
            ("grown", self._scale(3), {"master": 1, "worker": 3}),
            ("shrunk", self._scale(2), WHOLE),
            ("detached", self._detach, WHOLE),
            ("destroyed", self._infra.destroy, {}),
        ):
            if name not in (self._steps.read_text().split() if self._steps.exists() else []):
                if wish is not None:
                    await wish(id_)
                await self._reached(id_, wanted)
                with self._steps.open("a") as file:
                    file.write(f"{name}\n")

    async def _change(self, id: str) -> None:
        await self._infra.update(id, described("green", self._kind))

    async def _lose_one(self, id: str) -> None:
        """Let a worker vanish, the same one whenever this is begun again."""
        chosen = self._folder / "victim"
        if not chosen.exists():
            workers = [each for each in await self._infra.instances(id) if each.node == "worker"]
            draft = chosen.with_suffix(".draft")
            draft.write_text(workers[0].id)
            draft.rename(chosen)
        self._ground(id).lose(chosen.read_text())
        await self._infra.heal(id)

    def _scale(self, number: int) -> Any:
        return lambda id_: self._infra.scale(id_, "worker", to=number)

    async def _detach(self, id: str) -> None:
        with suppress(Conflict):
            await self._infra.detach(id)

    async def _reached(self, id: str, wanted: Mapping[str, int]) -> None:
        """Wait for the wish to be true, and hold the rows to what there really is."""
        end = await self._settled(id)
        there, rows = self._ground(id).there(), await self._infra.instances(id)
        assert end.phase == ("ready" if wanted else "destroyed"), (end, rows)
        assert Counter(there.values()) == Counter(wanted), (there, rows)
        assert there.keys() == {each.id for each in rows}, (there, rows)
        assert {each.state for each in rows} <= {"ready"}, rows
        assert not self._lost() & {each.id for each in rows}, rows

    async def _settled(self, id: str) -> Infrastructure:
        end = time.monotonic() + LIMIT
        found = await self._infra.wait(id, timeout=LIMIT)
        while found.done < found.turn and time.monotonic() < end:  # The keeper may have wished meanwhile.
            found = await self._infra.wait(id, timeout=LIMIT)
        assert found.done == found.turn, found
        return found

    def _lost(self) -> set[str]:
        chosen = self._folder / "victim"
        return {chosen.read_text()} if chosen.exists() else set()

    def _ground(self, id: str) -> _Ground:
        folder = self._folder / "home" / "infra" / id
        return _Simulated(folder) if self._kind == "simulated" else _Processes(folder)


class _Ground(Protocol):
    """What there really is: the node of each machine, by instance; and how one is lost."""

    def there(self) -> Mapping[str, str]: ...

    def lose(self, instance: str) -> None: ...


class _Simulated:
    def __init__(self, folder: Path) -> None:
        self._cloud = Cloud(folder)

    def there(self) -> Mapping[str, str]:
        return {row.instance: row.node for row in self._cloud.there()}

    def lose(self, instance: str) -> None:
        self._cloud.befall(instance, "vanishes")


class _Processes:
    def __init__(self, folder: Path) -> None:
        self._machines = folder / "machines"

    def there(self) -> Mapping[str, str]:
        orders = [orjson.loads(path.read_bytes()) for path in self._machines.glob("*/machine.json")]
        return {order["instance"]: order["node"] for order in orders}

    def lose(self, instance: str) -> None:
        shutil.rmtree(self._machines / instance, ignore_errors=True)


def verify(folder: Path) -> None:
    """One infrastructure was built, nothing of it is left, and its history tells of each machine once."""
    with House(settings(folder)) as house:
        asyncio.run(_verify(house.infra, "changed" in (folder / "steps").read_text().split()))


async def _verify(infra: Infrastructures, changed: bool) -> None:
    (found,) = await infra.find("me", gone=True)
    assert found.phase == "destroyed", found
    assert await infra.instances(found.id) == []
    ever = await infra.instances(found.id, gone=True)
    assert len(ever) == MACHINES + 2 * changed, ever
    happened = await infra.happenings(found.id)
    kinds = [one.kind for one in happened if one.instance is None]
    assert kinds[0] == "infrastart", kinds
    assert {"infraready", "infraheal", "infrascaled", "detached", "infradrop"} <= {*kinds}
    for each in ever:
        _verify_one(each, [one.kind for one in happened if one.instance == each.id])


def _verify_one(machine: Instance, told: list[str]) -> None:
    assert machine.state == "dropped", machine
    assert machine.ended is not None, machine
    once = [kind for kind in told if kind not in _OFTEN]
    assert once == ["nodecreating", "nodecreated", "nodedropping", "nodedropped"], (machine, told)
    assert "nodeready" in told, (machine, told)
