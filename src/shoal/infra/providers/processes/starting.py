"""Start the supervisor of a machine, and end it with all that is below."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

from shoal.base.errors import Unavailable
from shoal.infra.providers.processes import scratch
from shoal.infra.providers.processes.folder import Folder
from shoal.infra.providers.processes.supervisor import BUSY, GRACE, READY
from shoal.jobs.sandbox import environment, family, leftovers

_PATIENCE = 30.0
_PROGRAM = "shoal.infra.providers.processes.supervisor"


def start(folder: Folder) -> None:
    """Have a machine minded; returns when it has its address.

    Raises:
        Unavailable: that did not happen in time.
    """
    until = time.monotonic() + _PATIENCE
    while folder.minder() is None:
        told = _started(folder, until)
        if told not in (READY, BUSY):
            said = told.decode(errors="replace").strip()
            raise Unavailable(f"A process did not become a machine: {said or 'it said nothing'}.")
        if time.monotonic() > until:
            raise Unavailable(f"A machine did not come up within {_PATIENCE:g} s.")


def _started(folder: Folder, until: float) -> bytes:
    """Start a supervisor and return the first thing that it says."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", _PROGRAM, str(folder.path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=_environment(folder),
        start_new_session=True,
    ) as process:
        output = process.stdout.fileno() if process.stdout else -1
        readable, _, _ = select.select([output], [], [], max(0.0, until - time.monotonic()))
        told = os.read(output, 1 << 16) if readable else b"no answer in time"
    if told == BUSY:
        time.sleep(0.01)
    return told


def _environment(folder: Folder) -> dict[str, str]:
    """Return what a supervisor needs, and nothing of ours: its machine's programs must not find that."""
    ours = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    return ours | {"PATH": environment.search_path(), "LANG": "C.UTF-8", "HOME": str(folder.path)}


def end(folder: Folder) -> None:
    """End a machine and what descends from it, and remove its folder.

    Raises:
        Unavailable: something of it does not end.
    """
    if (minder := folder.minder()) is not None:
        _signal(minder, signal.SIGTERM)
        _wait_for_end(folder, GRACE + 2)
    until = time.monotonic() + _PATIENCE
    while (minder := folder.minder()) or (left := leftovers.processes(folder.path)):
        if minder:
            _signal(minder, signal.SIGSTOP)  # What it is a parent of must not get another one meanwhile.
            left = [*family.descendants(minder), minder]
        family.signal_all(left, signal.SIGKILL)
        if time.monotonic() > until:
            raise Unavailable(f"Processes of the machine in {folder.path} do not end: {left[:10]}.")
        time.sleep(0.01)
    scratch.remove(folder.path)
    shutil.rmtree(folder.path)


def _wait_for_end(folder: Folder, seconds: float) -> None:
    until = time.monotonic() + seconds
    while folder.minder() is not None and time.monotonic() < until:
        time.sleep(0.01)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
