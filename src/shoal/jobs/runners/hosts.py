"""The hosts of this worker: one for each source in each state of its code, kept for the next call."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import orjson

from shoal.base.errors import Unavailable
from shoal.clustering.kernels.cache import cache_folder
from shoal.jobs.sandbox import environment, folders, places
from shoal.jobs.sandbox.confinement import Program
from shoal.jobs.sandbox.launching import Launching
from shoal.jobs.sandbox.limits import Limits
from shoal.jobs.scripts import materials
from shoal.jobs.workers import wire
from shoal.jobs.workers.context import Context

IDLE = 60.0  # seconds after the last call for which a host is kept
MOST = 3
_LOADING = 120.0  # seconds a source may take to be loaded
_START = (
    "import json, sys; sys.path[:], sys.prefix, sys.exec_prefix = json.loads(sys.argv.pop()); "
    "from shoal.jobs.runners.host import main; main()"
)
KERNELS = "kernels"


class HostDied(Exception):
    """Say that a host is gone, and a call with it."""


@dataclass(eq=False)
class Host:
    """A running host: its number at the launcher, its line, and its two folders.

    Calls have their folders in `stage`; `code` holds what it reads of its own; `env` is for every call.
    """

    key: tuple[str, str]
    launching: Launching
    id: int
    line: socket.socket
    stage: Path
    code: Path
    env: dict[str, str] = field(default_factory=dict)
    loaded: dict[str, Any] = field(default_factory=dict)
    used: float = field(default_factory=monotonic)
    _unpacker: wire.Unpacker = field(default_factory=wire.Unpacker)

    def fileno(self) -> int:
        """Return the descriptor that is readable when `hear` has something."""
        return self.line.fileno()

    def call(self, order: Mapping[str, Any], streams: Sequence[int]) -> None:
        """Have something called whose stdout, stderr and result go to three descriptors; raises HostDied."""
        frame = wire.packed(orjson.dumps(order))
        try:
            sent = socket.send_fds(self.line, [frame], list(streams))
            self.line.sendall(frame[sent:])
        except OSError as error:
            raise HostDied("The process that functions are called in died.") from error

    def hear(self) -> list[dict[str, Any]]:
        """Return what the host has told, waiting for it if need be; raises HostDied."""
        with suppress(ConnectionError):
            if piece := self.line.recv(1 << 16):
                return [orjson.loads(frame) for frame in self._unpacker.feed(piece)]
        raise HostDied("The process that functions are called in died.")

    def close(self) -> None:
        """End it and remove its folders."""
        self.launching.end(self.id, 0.0)
        self.line.close()
        for folder in (self.stage, self.code):
            folders.remove(folder)

    def tidy(self) -> None:
        """Remove whatever a call has left beside its own folder, which is gone already."""
        for path in self.stage.iterdir():
            if path.name != KERNELS:
                folders.remove(path) if path.is_dir() and not path.is_symlink() else path.unlink()


class Hosts:
    """Keep a few hosts and give the one for a source."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Host] = {}

    def get(self, launching: Launching, source: str, code_hash: str, context: Context) -> Host:
        """Return a host that has loaded a source; one that was not used for long, or is dead, is replaced.

        Raises:
            Unavailable: it could not be started.
            LauncherDied: the launcher is gone.
        """
        host = self._known.get((source, code_hash))
        if host is not None and (host.launching is not launching or not _lives(host)):
            self.drop(host)
            host = None
        if host is None:
            self._make_room()
            host = self._known[source, code_hash] = _started(launching, source, code_hash, context)
        host.used = monotonic()
        return host

    def drop(self, host: Host) -> None:
        """End a host and forget it."""
        self._known.pop(host.key, None)
        host.close()

    def _make_room(self) -> None:
        for host in list(self._known.values()):
            if not _lives(host):
                self.drop(host)
        while len(self._known) >= MOST:
            self.drop(min(self._known.values(), key=lambda each: each.used))


def _lives(host: Host) -> bool:
    # An idle host says nothing: what can be read is the end.
    ready, _, _ = select.select([host], [], [], 0)
    return not ready


def _started(launching: Launching, source: str, code_hash: str, context: Context) -> Host:
    with ExitStack() as undone:
        code = folders.make_readable(launching.nest, "code")
        undone.callback(folders.remove, code)
        carried = materials.carry_code(source, code) if source else ""
        folders.hand_over(code, None)
        stage = folders.make(launching.nest, "host", launching.owner)
        undone.callback(folders.remove, stage)
        env = _kernels(stage, launching.owner) if source else {}
        host = _begun(launching, _program(launching, carried, stage, code, env), code, (source, code_hash))
        host.env = env
        undone.pop_all()
    launching.settle(host.id)
    for error in host.loaded["errors"]:
        context.log(error)
    return host


def _begun(launching: Launching, program: Program, code: Path, key: tuple[str, str]) -> Host:
    ours, theirs = socket.socketpair()
    with theirs, open(os.devnull, "rb") as nothing, tempfile.TemporaryFile() as said:  # noqa: PTH123
        words = said.fileno()
        given = [nothing.fileno(), words, words, theirs.fileno()]
        try:
            id_ = launching.start(program, given, host=True)
        except OSError as error:
            ours.close()
            raise _cannot_start(launching, error) from error
        theirs.close()
        host = Host(key, launching, id_, ours, Path(program.folder), code)
        host.loaded = _first_words(host, words)
    return host


def _cannot_start(launching: Launching, error: OSError) -> Unavailable:
    mode, python = launching.confinement.mode, Path(sys.executable).resolve()
    return Unavailable(
        f"{python} cannot be started in the sandbox {mode!r}: {error.strerror}.",
        hint="Install Python where every user can start it, or set execution.sandbox to auto.",
    )


def _first_words(host: Host, said: int) -> dict[str, Any]:
    ready, _, _ = select.select([host], [], [], _LOADING)
    try:
        if not ready:
            raise HostDied(f"It was not loaded within {_LOADING:g} s.")
        return host.hear()[0]
    except HostDied as error:
        host.close()
        size = os.lseek(said, 0, os.SEEK_END)
        words = os.pread(said, 2000, max(0, size - 2000)).decode(errors="replace").strip()
        raise Unavailable(f"{host.key[0] or 'Python'} could not be loaded: {words or error}") from error


def _program(launching: Launching, source: str, stage: Path, code: Path, more: Mapping[str, str]) -> Program:
    ours = json.dumps([[path for path in sys.path if path != ""], sys.prefix, sys.exec_prefix])
    env = environment.made(stage, {}, {}) | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    terms = launching.terms
    return Program(
        [sys.executable, "-P", "-s", "-S", "-c", _START, source, ours],
        env | dict(more),
        str(stage),
        str(stage),
        Limits(processes=terms.processes, file_size=terms.files_size),
        [*places.readable((), [*terms.hidden, terms.nest]), str(code)],
    )


def _kernels(stage: Path, user: int | None) -> dict[str, str]:
    """Give a host its own copy of our compiled kernels: to compile them anew would take it a minute."""
    compiled, copy = cache_folder(), stage / KERNELS
    shutil.copytree(compiled, copy / compiled.parent.name / compiled.name)
    folders.hand_over(copy, user)
    return {"SHOAL_CACHE_DIR": str(copy)}
