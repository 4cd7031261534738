"""`shoal demo`: a live task to look at within seconds, with a server of its own if none runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from shoal.base.errors import ShoalError, Unavailable
from shoal.base.home import holder
from shoal.cli.connection import Where, client_of
from shoal.cli.interruption import interruption
from shoal.cli.located import located
from shoal.cli.output import say

if TYPE_CHECKING:
    from shoal.client import Client
    from shoal.client.live_task import LiveTask

NAME = "shoals"
FRAME = 1500
TURN = 0.05  # seconds between two pushes
STARTING = 60.0
# Where this file's clock begins: some shoals have parted by then.
BEGIN = 5.0
Rate = Annotated[int, typer.Option("--rate", metavar="ROWS", min=1, max=200_000, help="Rows a second.")]
Seconds = Annotated[float | None, typer.Option("--seconds", metavar="N", help="End after so long.")]
Port = Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="Of a server of its own.")]


@located
def demo(where: Where, rate: Rate = 1000, seconds: Seconds = None, port: Port = 8002) -> None:
    """Show fish that wander, come and go, on a page, until Ctrl-C.

    Without a server it starts one in a temporary home, which is removed at the end.
    """
    with interruption(), ExitStack() as opened:
        try:
            client = opened.enter_context(_served(where, port))
            task = _task(client)
            opened.callback(_removed, task)
            say(f"Open {client.url}/app/live/{task.id}")
            say(f"or look at it here: shoal live watch {task.id} --server {client.url}     Ctrl-C ends it.")
            _swim(task, rate, seconds)
        except KeyboardInterrupt:
            say("The demo is over; its task is deleted.")


def _task(client: Client) -> LiveTask:
    from shoal.cli.demo_shoals import COLUMNS

    return client.live.play(
        NAME, "mcmc", columns=COLUMNS, frame_size=FRAME, init_k=3, max_k=12, shape="elongated"
    )


def _removed(task: LiveTask) -> None:
    with suppress(ShoalError):  # Its server may be gone, or somebody deleted it.
        task.remove()


def _swim(task: LiveTask, rate: int, seconds: float | None) -> None:
    import numpy as np

    from shoal.cli.demo_shoals import fish

    chance = np.random.default_rng()
    began = time.monotonic()
    sent, passed = 0, 0.0
    while seconds is None or passed < seconds:
        # The first rows come at once, so that there is something to see.
        due = FRAME + int(rate * passed) - sent
        task.push(fish(BEGIN + passed, max(1, due), chance))
        sent += max(1, due)
        time.sleep(TURN)
        passed = time.monotonic() - began


@contextmanager
def _served(where: Where, port: int) -> Iterator[Client]:
    settings = where.settings()
    found = None if where.server else holder(settings.home)
    url = where.server or (found.url if found else None)
    with ExitStack() as opened:
        url = url or opened.enter_context(_own_server(port))
        yield opened.enter_context(client_of(url, settings))


@contextmanager
def _own_server(port: int) -> Iterator[str]:
    """Run a server in a temporary home, and give its address.

    Raises:
        Unavailable: it does not start.
    """
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="shoal-demo-"))
        home, log = Path(folder) / "home", opened.enter_context(tempfile.TemporaryFile())
        words = ["serve", "--home", str(home), "--port", str(port), "--workers", "1"]
        # Ctrl-C is for this command, which ends its task first.
        process = subprocess.Popen(
            [sys.executable, "-m", "shoal.cli.main", *words], stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield _address(process, home, log)
        finally:
            process.terminate()
            process.wait()


def _address(process: subprocess.Popen[bytes], home: Path, log: IO[bytes]) -> str:
    end = time.monotonic() + STARTING
    while time.monotonic() < end and process.poll() is None:
        if (found := holder(home)) is not None and found.url:
            return found.url
        time.sleep(0.05)
    log.seek(0)
    told = log.read().decode("utf-8", "replace").strip().splitlines()
    raise Unavailable(
        "The server of the demo does not start.", hint="\n".join(told[-3:]) or "Try: shoal serve"
    )
