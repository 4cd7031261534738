"""A machine that works for a server elsewhere: join, do jobs until told to stop, leave."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from shoal import __version__
from shoal.base import clock
from shoal.base.errors import ShoalError, Unavailable
from shoal.base.home import Home
from shoal.jobs import kinds
from shoal.jobs.nodes.line import Line
from shoal.jobs.nodes.members import Offer
from shoal.jobs.nodes.node_desk import LEASE_SECONDS, NodeDesk
from shoal.jobs.nodes.patience import Patience
from shoal.jobs.workers.dispatcher import Options
from shoal.jobs.workers.nursery import PRELOAD
from shoal.jobs.workers.pool import Pool
from shoal.storage.files import FileStorage

Say = Callable[[str], None]
BATCH = "batch"
_AHEAD = 0.3  # seconds of work that are held ahead: a request takes longer than a transaction
_LOOK = 0.5  # seconds between two looks at what troubles the node


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a node works with: worker processes, what they offer, and what their programs may do."""

    workers: int
    labels: Sequence[str] = ()
    resources: Mapping[str, float] = field(default_factory=dict)
    terms: Mapping[str, Any] = field(default_factory=dict)
    preload: Sequence[str] = PRELOAD
    lease_seconds: float = LEASE_SECONDS

    def offer(self) -> Offer:
        """Return what the server is told."""
        resources = {"cpu": float(self.workers), **self.resources}
        known = tuple(name for name, kind in kinds.registered().items() if kind.elsewhere)
        return Offer(socket.gethostname(), __version__, self.workers, tuple(self.labels), resources, known)


class Agent:
    """Work for a server; `stop` may be called from any thread and from a signal's handler."""

    def __init__(self, line: Line, home: Home, equipment: Equipment, say: Say) -> None:
        """Prepare; `home` is the node's own folder, and what an earlier node left in it is not needed."""
        self._line = line
        self._home = home
        self._equipment = equipment
        self._say = say
        self._stops = 0
        self._stopped = threading.Event()
        self._ended = threading.Event()

    def stop(self) -> None:
        """Take no more jobs and end when those that run have ended; the second time, give them back."""
        self._stops += 1
        self._stopped.set()
        if self._stops > 1:
            self._ended.set()

    def run(self) -> None:
        """Work until `stop`.

        Raises:
            Unauthenticated: the token is not one, or was taken back.
            Conflict: the server is of another version, or another worker has joined under this name.
            InvalidSetting: the server's certificate is not trusted.
            InvalidInput: a label cannot be offered.
        """
        if not self._join():
            return
        self._clean()
        desk = NodeDesk(
            self._line,
            self._home.files,
            self._home.logs,
            seconds=self._equipment.lease_seconds,
            on_over=self._over,
        )
        pool = Pool(desk, self._options())
        pool.start()
        try:
            self._watch(pool)
            self._finish(pool)
        finally:
            pool.stop()
            self._leave(desk)
        if desk.over is not None:
            raise desk.over

    def _join(self) -> bool:
        """Join, waiting for a server that is not there yet; False when told to stop meanwhile."""
        patience, offer = Patience(self._stopped), asdict(self._equipment.offer())
        has_said = False
        while True:
            try:
                answer = self._line.ask("join", offer)
            except Unavailable as error:
                if not has_said:
                    self._say(f"{error.message} Trying again.")
                has_said = True
                if not patience.paused():
                    return False
                continue
            self._line.use(answer["session"])
            labels = f", labels {', '.join(offer['labels'])}" if offer["labels"] else ""
            what = f"{offer['workers']} worker processes{labels}"
            self._say(f"Node {answer['name']} works for {self._line.url}: {what}.")
            return True

    def _clean(self) -> None:
        shutil.rmtree(self._home.logs, ignore_errors=True)
        self._home.logs.mkdir(mode=0o700, exist_ok=True)
        FileStorage(self._home.files).sweep(clock.now())

    def _options(self) -> Options:
        kit = self._equipment
        return Options(
            self._home.files,
            self._home.logs,
            kit.workers,
            tuple(kit.preload),
            ahead=_AHEAD,
            terms=dict(kit.terms),
        )

    def _watch(self, pool: Pool) -> None:
        """Wait for the end, and say what is wrong meanwhile and when it is over."""
        trouble: ShoalError | None = None
        while not self._stopped.wait(_LOOK):
            now = pool.trouble
            if now is not None and trouble is None:
                self._say(f"{now.message} What runs goes on; trying again.")
            elif now is None and trouble is not None:
                self._say("It is well again.")
            trouble = now

    def _finish(self, pool: Pool) -> None:
        """Let what runs end, unless `stop` was called again."""
        if self._ended.is_set():
            return
        self._say("No more jobs are taken. Waiting for those that run; Ctrl-C gives them back.")
        drained = threading.Thread(target=self._drain, args=(pool,), daemon=True)
        drained.start()
        self._ended.wait()

    def _drain(self, pool: Pool) -> None:
        with suppress(Unavailable):
            pool.drain()
        self._ended.set()

    def _leave(self, desk: NodeDesk) -> None:
        desk.close()
        if desk.over is None:
            with suppress(ShoalError):  # It will see for itself that nobody is here.
                self._line.ask("leave", {}, patience=2.0)
        self._line.close()
        self._say("Left.")

    def _over(self) -> None:
        self._stopped.set()
        self._ended.set()
