"""A worker process: it runs one job after another and never sees the database.

Two threads: the main one works; the other listens, sends heartbeats, and ends the process at once when the
house is gone, whatever the job does.
"""

from __future__ import annotations

import faulthandler
import io
import os
import random
import resource
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn

from shoal.base.errors import ShoalError
from shoal.jobs.workers import wire
from shoal.jobs.workers.context import Cancelled, Context, Failed
from shoal.jobs.workers.inbox import Inbox
from shoal.jobs.workers.memory import PeakMeter
from shoal.jobs.workers.protocol import (
    Assign,
    Assignment,
    Finish,
    FromWorker,
    Heartbeat,
    Recall,
    Registered,
    Returned,
    Stop,
    Told,
    decode,
    encode,
)
from shoal.storage.files import FileStorage

Function = Callable[[dict[str, Any], Context], dict[str, Any] | None]
HOUSE_GONE = 0
TERMINATED = 128 + signal.SIGTERM
_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker is told when it is born: where files are, and the seconds between heartbeats.

    `terms` are for runners: what may run, and within which bounds (`shoal.jobs.sandbox.terms`).
    """

    storage_root: str
    heartbeat: float = 1.0
    terms: dict[str, Any] = field(default_factory=dict)


class Terminated(BaseException):
    """Leave the job, clean up and end the process: SIGTERM came."""


def main(line: int, output: int, settings: Settings) -> int:
    """Work until the house closes the line; return the exit code."""
    _prepare_process(output)
    try:
        Worker(socket.socket(fileno=line), settings).run()
    except Terminated:
        return TERMINATED


class Worker:
    """Take leases from a socket, run them in order, answer on the same socket."""

    def __init__(self, line: socket.socket, settings: Settings) -> None:
        self._line = line
        self._sending = threading.Lock()
        self._settings = settings
        self._files = FileStorage(Path(settings.storage_root))
        self._inbox = Inbox()
        self._meter = PeakMeter()
        self._functions: dict[str, Function] = {}
        self._context: Context | None = None

    def run(self) -> NoReturn:
        """Work for ever; the process ends from the listening thread or by a signal."""
        sys.stdout = sys.stderr = _Printed(self._log)
        self._send(Registered(os.getpid()))
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        while True:
            self._do(self._inbox.take())

    def _do(self, lease: Assignment) -> None:
        context = self._context = Context(lease, self._files, self._send, self._settings.terms)
        self._meter.reset()
        started = monotonic()
        state, result, error = self._outcome(lease, context)
        sys.stdout.flush()
        context.flush()
        seconds, peak = monotonic() - started, context.peak_memory or self._meter.peak()
        facts = context.facts or None
        finish = Finish(lease.token, state, result, error, seconds, peak, context.exit_code, facts)
        self._context = None
        self._answer(finish)

    def _outcome(
        self, lease: Assignment, context: Context
    ) -> tuple[str, dict[str, Any] | None, dict[str, Any] | None]:
        try:
            result = self._function(lease.run)(lease.spec, context)
        except Cancelled:
            return "cancelled", None, None
        except Failed as failure:
            return "failed", failure.result, failure.error
        except (Exception, SystemExit) as error:
            return "failed", None, described(error)
        if result is not None and not isinstance(result, dict):
            return "failed", None, described(TypeError(f"a job returns a dict or None, not {type(result)}"))
        return "succeeded", result, None

    def _function(self, run: str) -> Function:
        if (known := self._functions.get(run)) is None:
            module, _, name = run.partition(":")
            known = self._functions[run] = getattr(import_module(module), name)
        return known

    def _answer(self, finish: Finish) -> None:
        try:
            self._send(finish)
        except (TypeError, ShoalError) as error:
            told = described(error)
            self._send(Finish(finish.token, "failed", None, told, finish.seconds, finish.peak_memory))

    def _send(self, message: FromWorker) -> None:
        frame = wire.packed(encode(message))
        try:
            with self._sending:
                self._line.sendall(frame)
        except ConnectionError:
            os._exit(HOUSE_GONE)

    def _log(self, text: str) -> None:
        if (context := self._context) is not None:
            context.log(text)

    def _listen(self) -> NoReturn:
        unpacker = wire.Unpacker()
        beat = monotonic() + self._settings.heartbeat
        while True:
            ready, _, _ = select.select([self._line], [], [], max(0.0, beat - monotonic()))
            if ready:
                self._hear(unpacker)
            if monotonic() >= beat:
                self._beat()
                beat = monotonic() + self._settings.heartbeat

    def _hear(self, unpacker: wire.Unpacker) -> None:
        try:
            piece = self._line.recv(1 << 16)
        except ConnectionError:
            piece = b""
        if not piece:
            os._exit(HOUSE_GONE)
        for frame in unpacker.feed(piece):
            self._obey(frame)

    def _obey(self, frame: bytes) -> None:
        match decode(frame):
            case Assign(leases):
                self._inbox.put(leases)
            case Recall():
                self._send(Returned(self._inbox.withdraw()))
            case Told(token) as told:
                if (context := self._context) is not None and context.token == token:
                    context.told(told)
            case Stop(token, reason):
                if (context := self._context) is not None and context.token == token:
                    context.stop(reason)
                elif gone := self._inbox.withdraw(token):
                    self._send(Returned(gone))

    def _beat(self) -> None:
        if (context := self._context) is not None:
            context.flush()
        self._send(Heartbeat())


class _Printed(io.TextIOBase):
    """Turn what a job prints into lines of its log."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._rest = ""
        self._lock = threading.Lock()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            whole, newline, self._rest = (self._rest + text).rpartition("\n")
        if newline:
            self._log(whole)
        return len(text)

    def flush(self) -> None:
        with self._lock:
            rest, self._rest = self._rest, ""
        if rest:
            self._log(rest)


def described(error: BaseException) -> dict[str, Any]:
    """Return an exception as JSON-able facts: kind, type, message, traceback; hint and code of our own."""
    own = error.__traceback__.tb_next if error.__traceback__ else None
    trace = "".join(traceback.format_exception(type(error), error, own))
    facts = {
        "kind": _kind(error),
        "type": type(error).__name__,
        "message": str(error)[:_LONGEST_TEXT],
        "traceback": trace[-_LONGEST_TEXT:],
    }
    if isinstance(error, ShoalError):
        facts |= {"message": error.message, "hint": error.hint, "code": error.error_code}
    return facts


def _kind(error: BaseException) -> str:
    match error:
        case MemoryError():
            return "memory"
        case SystemExit():
            return "exit"
        case ShoalError() if error.status < 500:
            return "refused"  # The same input would be refused again.
        case _:
            return "error"


def _prepare_process(output: int) -> None:
    os.set_inheritable(output, False)
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    faulthandler.enable(2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminate)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    random.seed()
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed()  # Forks share their parent's state: unseeded, all workers would draw the same.


def _terminate(*_: object) -> NoReturn:
    raise Terminated
