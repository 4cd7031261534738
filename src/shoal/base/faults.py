"""Named points around every durable write, where a test may pull the plug.

A durable write takes a `FaultPoint`; the point is reached just before the write becomes durable and
just after. `SHOAL_FAULT=NAME:before|after[:NTH[:SCOPE]]` kills this process there with SIGKILL (scope
`process`), its whole process group (`tree`) or all of the group but itself (`others`: the workers, when
the house is at the point) when the point is reached for the NTH time. `SHOAL_FAULT_ONCE=PATH`
makes it happen once over all processes and restarts: the file is created at the moment of the kill.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Moment = Literal["before", "after"]
_points: dict[str, FaultPoint] = {}
_times_reached = count(1)


@dataclass(frozen=True, slots=True)
class FaultPoint:
    """A place where something becomes durable; `doc` says what in one sentence."""

    name: str
    doc: str

    def reached(self, moment: Moment) -> None:
        """Die here if this point is armed, else do nothing."""
        if (armed := os.environ.get("SHOAL_FAULT")) is not None:
            _pull_the_plug(armed, f"{self.name}:{moment}")


def fault_point(name: str, doc: str) -> FaultPoint:
    """Register a point under a unique name."""
    if name in _points:
        raise ValueError(f"fault point {name} is registered twice")
    _points[name] = point = FaultPoint(name, doc)
    return point


def registered() -> Mapping[str, FaultPoint]:
    """Return every point of the modules imported so far, by name."""
    return MappingProxyType(_points)


def _pull_the_plug(armed: str, here: str) -> None:
    name, moment, nth, scope = (armed.split(":") + ["1", "process"][armed.count(":") - 1 :])[:4]
    if f"{name}:{moment}" != here or next(_times_reached) < int(nth) or not _first_time():
        return
    if scope == "tree":
        os.killpg(os.getpgrp(), signal.SIGKILL)
    if scope == "others":
        return _kill_the_others()
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_the_others() -> None:
    import psutil

    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if process.pid != os.getpid() and os.getpgid(process.pid) == os.getpgrp():
                process.kill()


def _first_time() -> bool:
    once = os.environ.get("SHOAL_FAULT_ONCE")
    if once is None:
        return True
    try:
        Path(once).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
