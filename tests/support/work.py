"""Functions that jobs run in tests; workers import them by name."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shoal.jobs.workers.context import Context
from tests.support.waiting import wait_until

Spec = dict[str, Any]


def nothing(spec: Spec, context: Context) -> None:
    """Do nothing, the measure of overhead."""


def pause(spec: Spec, context: Context) -> dict[str, Any]:
    """Take a moment and tell from when to when, by a clock that all processes share."""
    began = time.monotonic()
    time.sleep(spec["seconds"])
    return {"began": began, "ended": time.monotonic()}


def add(spec: Spec, context: Context) -> dict[str, Any]:
    """Sum numbers and write the sum as an artifact."""
    total = sum(spec["numbers"])
    context.log(f"the sum is {total}")
    context.progress(1, 1)
    return {"sum": total, "artifact": context.artifact("sum.txt", str(total).encode())}


def curious(spec: Spec, context: Context) -> dict[str, Any]:
    """Ask the house from many threads at once."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: context.ask({"n": n}), spec["numbers"]))
    return {"jobs": [one["job"] for one in answers], "twice": [one["twice"] for one in answers]}


def where(spec: Spec, context: Context) -> dict[str, Any]:
    """Tell who runs this."""
    return {
        "pid": os.getpid(),
        "group": os.getpgid(0),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "modules": sorted({"tests.support.warmed", "numba"} & sys.modules.keys()),
    }


def warmed_in(spec: Spec, context: Context) -> dict[str, Any]:
    """Tell in which processes the warmed module was warmed."""
    from tests.support import warmed

    return {"pids": warmed.warmed_in}


def say(spec: Spec, context: Context) -> None:
    """Print in all the ways there are."""
    print("from print")
    sys.stderr.write("from stderr\n")
    context.log("from the log")
    os.write(1, b"from the descriptor\n")
    print("no newline", end="")


def raises(spec: Spec, context: Context) -> None:
    """Fail."""
    raise ValueError(spec.get("message", "no good"))


def leave(spec: Spec, context: Context) -> None:
    """Call sys.exit, as a script might."""
    sys.exit("leaving")


def die(spec: Spec, context: Context) -> dict[str, Any]:
    """Be killed, in the first `times` attempts."""
    if context.attempt <= spec.get("times", 10**6):
        os.kill(os.getpid(), spec.get("signal", signal.SIGKILL))
        time.sleep(60)
    return {"attempt": context.attempt}


def crash(spec: Spec, context: Context) -> None:
    """Read where nothing is."""
    ctypes.string_at(0)


def hang(spec: Spec, context: Context) -> dict[str, Any]:
    """Stop the whole process, its heartbeat too, in the first attempt."""
    if context.attempt == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    return {"attempt": context.attempt}


def read(spec: Spec, context: Context) -> dict[str, Any]:
    """Read a stored file, once `go` is there if it names a file."""
    if "go" in spec:
        wait_until(Path(spec["go"]).exists, timeout=60)
    with context.files.open(spec["key"]) as file:
        content = file.read()
    return {"size": len(content), "start": content[:20].decode()}


def wait_for_file(spec: Spec, context: Context) -> dict[str, Any]:
    """Say that it runs by making a file, then wait for another; look whether to stop."""
    _say_running(spec)
    wait_until(lambda: context.cancelled() or Path(spec["go"]).exists(), timeout=60)
    context.check()
    return {"pid": os.getpid()}


def recount(spec: Spec, context: Context) -> dict[str, Any]:
    """Say that it runs, wait for a file whatever one is told, and tell which attempt this is."""
    _say_running(spec)
    wait_until(Path(spec["go"]).exists, timeout=60)
    return {"attempt": context.attempt}


def stubborn(spec: Spec, context: Context) -> None:
    """Say that it runs, then hear nothing for a minute."""
    _say_running(spec)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            time.sleep(1)
        except BaseException:
            continue


def _say_running(spec: Spec) -> None:
    draft = Path(f"{spec['running']}.{os.getpid()}")
    draft.write_text(str(os.getpid()))
    draft.rename(spec["running"])


def recorded(spec: Spec, context: Context) -> dict[str, Any]:
    """Return a number, which the kind's `record` looks at."""
    return {"sum": spec["sum"]}


def unjsonable(spec: Spec, context: Context) -> dict[str, Any]:
    """Return what has no JSON form."""
    return {"it": object()}


def hold_memory(spec: Spec, context: Context) -> dict[str, Any]:
    """Hold some MiB for a moment."""
    block = bytearray(spec["mib"] * 1024 * 1024)
    return {"size": len(block)}
