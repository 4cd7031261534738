"""Run a script in a running container, as root, and tell its output as it comes."""

from __future__ import annotations

import io
import secrets
import tarfile
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Timer
from typing import Any

from shoal.base.errors import Conflict, NotFound, ShoalError, Unavailable
from shoal.infra.providers.overdue import killed
from shoal.jobs.containers.container import Container
from shoal.jobs.containers.engine import QUICK, Engine
from shoal.jobs.containers.frames import demultiplexed

FOLDER = ".shoal"
# The group of an exec is its own, and the kernel of the container knows it by the shell's number.
_RUN = 'echo $$ >"$1.pid"; sh "$1"; code=$?; rm -f "$1" "$1.pid"; exit $code'
_KILL = 'kill -KILL "-$(cat "$1.pid")"; rm -f "$1" "$1.pid"'


def run(engine: Engine, ref: str, script: str, tell: Callable[[bytes], None], timeout: float) -> int:
    """Run a script and return its exit code, 124 when it was killed for taking too long.

    Raises:
        Unavailable: the container does not run, or the engine went away.
    """
    name = secrets.token_hex(8)
    path = f"/{FOLDER}/{name}"
    try:
        Container(engine, ref).put([_packed(name, script.encode())])
        exec_ = _prepared(engine, ref, _RUN, path)
        return _followed(engine, exec_, tell, timeout, lambda: _kill(engine, ref, path))
    except (NotFound, Conflict) as error:
        raise Unavailable(f"The machine {ref[:12]} does not run: {error.message}") from error


def _followed(
    engine: Engine, exec_: str, tell: Callable[[bytes], None], timeout: float, kill: Callable[[], None]
) -> int:
    late = Event()

    def end() -> None:
        late.set()
        kill()

    timer = Timer(timeout, end)
    timer.start()
    try:
        body = {"Detach": False, "Tty": False}
        with engine.opened("POST", f"/exec/{exec_}/start", body, timeout=timeout + QUICK) as answer:
            for _, piece in demultiplexed(answer.read1):
                tell(piece)
    finally:
        timer.cancel()
    if late.is_set():
        return killed(tell, timeout)
    return _exit_code(engine, exec_)


def _exit_code(engine: Engine, exec_: str) -> int:
    until = time.monotonic() + QUICK
    while (found := engine.get(f"/exec/{exec_}/json"))["Running"] or found["ExitCode"] is None:
        if time.monotonic() > until:
            raise Unavailable("A script's output ended, but the script did not.")
        time.sleep(0.02)
    return int(found["ExitCode"])


def _kill(engine: Engine, ref: str, path: str) -> None:
    with suppress(ShoalError):
        exec_ = _prepared(engine, ref, _KILL, path)
        engine.post(f"/exec/{exec_}/start", {"Detach": True, "Tty": False})


def _prepared(engine: Engine, ref: str, program: str, path: str) -> str:
    body: dict[str, Any] = {"Cmd": ["sh", "-c", program, "sh", path], "User": "0", "WorkingDir": "/"}
    return str(
        engine.post(f"/containers/{ref}/exec", body | {"AttachStdout": True, "AttachStderr": True})["Id"]
    )


def _packed(name: str, content: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        folder = tarfile.TarInfo(FOLDER)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o700
        tar.addfile(folder)
        script = tarfile.TarInfo(f"{FOLDER}/{name}")
        script.mode, script.size = 0o600, len(content)
        tar.addfile(script, io.BytesIO(content))
    return archive.getvalue()
