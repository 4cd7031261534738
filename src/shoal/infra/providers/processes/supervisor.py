"""The program that is a machine: holds its address, keeps its command running, runs what it is sent.

Started by `processes.starting` for one folder; it ends, and with it all that descends from it, on SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from shoal.base.errors import ShoalError
from shoal.base.process import process_label
from shoal.infra.providers.processes import addresses, scratch, wire
from shoal.infra.providers.processes.capped_log import CappedLog
from shoal.infra.providers.processes.command import Command
from shoal.infra.providers.processes.folder import Folder
from shoal.infra.providers.processes.scripts import Scripts
from shoal.infra.providers.processes.surroundings import Surroundings
from shoal.jobs.sandbox import environment, family, privileges
from shoal.jobs.sandbox.limits import Limits

READY, BUSY = b"ready\n", b"busy\n"
GRACE = 5.0  # seconds that a machine's processes get to end by themselves
_LOOK = 5.0  # seconds between two looks at what nobody tells of


class Supervisor:
    """Mind the machine of one folder."""

    def __init__(self, folder: Folder, order: Mapping[str, Any]) -> None:
        self._folder = folder
        self._order = order
        self._state: dict[str, Any] = {"minder": process_label()}
        seed = f"{folder.path}/{order['instance']}"
        self._state["address"], self._held = addresses.hold(seed, folder.state().get("address"))

    async def mind(self) -> None:
        """Be the machine until SIGTERM."""
        folder, ended = self._folder, asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, ended.set)
        folder.home.mkdir(exist_ok=True)
        around = Surroundings(folder.home, self._environment(), self._preparation(), CappedLog(folder.log))
        scripts = Scripts(around)
        server = await asyncio.start_unix_server(scripts.serve, sock=wire.listen(folder.path))
        folder.write_state(self._state)
        kept = [asyncio.create_task(_reap()), asyncio.create_task(self._end_with_folder(ended))]
        if words := self._order.get("command"):
            kept.append(asyncio.create_task(Command(words, around).keep(self._tell)))
        _say(READY)
        await ended.wait()
        server.close()
        for task in kept:
            task.cancel()
        end_descendants()
        if not folder.is_there():
            scratch.remove(folder.path)

    async def _end_with_folder(self, ended: asyncio.Event) -> None:
        """End when somebody has removed the folder: nobody could find the machine any more."""
        while self._folder.is_there():
            await asyncio.sleep(_LOOK)
        ended.set()

    def _environment(self) -> dict[str, str]:
        facts = {name: self._order[name] for name in ("infra", "instance", "node", "name")}
        facts |= {"address": self._state["address"], "root": self._folder.home}
        # Not SHOAL_...: these are the settings of a Shoal that runs in the machine.
        told = {f"MACHINE_{name.upper()}": str(value) for name, value in facts.items()}
        usual = {"TMPDIR": str(scratch.made(self._folder.path))}
        given = usual | (self._order.get("env") or {}) | told
        return environment.made(self._folder.home, {"env": given}, {})

    def _preparation(self) -> Callable[[], None]:
        limits, mine = Limits(**self._order["limits"]), os.getpid()

        def prepare() -> None:
            limits.apply(mine)
            privileges.die_with(mine)

        return prepare

    def _tell(self, news: Mapping[str, Any]) -> None:
        self._state |= news
        with suppress(OSError, ShoalError):  # A full disk keeps nobody from minding the machine.
            self._folder.write_state(self._state)


def end_descendants(grace: float = GRACE) -> None:
    """End all that descends from this process, whether it has left its session and its parents or not."""
    family.signal_all(family.descendants(os.getpid()), signal.SIGTERM)
    until = time.monotonic() + grace
    while children := family.children(os.getpid()):
        _collect(children)
        if time.monotonic() > until:
            family.signal_all(list(family.descendants(os.getpid())), signal.SIGKILL)
        time.sleep(0.01)


async def _reap() -> None:
    """Collect those whose parents died before them; our own children are waited for at once, elsewhere."""
    dead: set[int] = set()
    while True:
        await asyncio.sleep(_LOOK)
        seen = {child for child in family.children(os.getpid()) if _is_zombie(child)}
        _collect(dead & seen)
        dead = seen


def _is_zombie(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1] == b"Z"
    return False


def _collect(children: Iterable[int]) -> None:
    for child in children:
        with suppress(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def _say(word: bytes) -> None:
    """Tell whoever started this, and then have nothing to do with it any more."""
    with suppress(BrokenPipeError):  # Whoever that was may be dead by now.
        os.write(1, word)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)


def main(path: str) -> None:
    """Leave the session of whoever starts this, then mind the machine of a folder."""
    if os.fork():
        os._exit(0)
    os.setsid()
    folder = Folder(Path(path))
    try:
        if (claim := folder.claimed()) is None:
            return _say(BUSY)
        privileges.adopt_orphans()
        asyncio.run(Supervisor(folder, folder.order() or {}).mind())
    except (ShoalError, OSError, KeyError) as error:
        return _say(f"{error}\n".encode())
    os.close(claim)


if __name__ == "__main__":
    main(sys.argv[1])
