"""The process that workers are forked from, with the heavy imports done and the kernels warm.

It is ours rather than multiprocessing's because that one imports the caller's `__main__` again (a script
that calls us without `if __name__ == "__main__"` would start itself anew), is one per process for ever, and
does not report a dead child's memory. It never starts a Python thread, so forking is safe.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import traceback
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import orjson

from shoal.jobs.workers import wire, worker

_FDS_A_WORKER = 2


def main(control_fd: int) -> None:
    """Serve fork requests on a Unix socket until it closes, then end every worker and return."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    _ForkServer(control).serve()


def preload(modules: Sequence[str]) -> None:
    """Import modules and call the `warm()` of those that have one; a failure is told and survived."""
    for name in modules:
        try:
            if callable(warm := getattr(import_module(name), "warm", None)):
                warm()
        except Exception:
            sys.stderr.write(f"preloading {name} failed; workers will load it themselves\n")
            traceback.print_exc()


class _ForkServer:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._unpacker = wire.Unpacker()
        self._descriptors: deque[int] = deque()
        self._children: set[int] = set()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self._control.fileno(), self._wake_read], [], [])
            if self._wake_read in ready:
                self._bury()
            if self._control.fileno() in ready and not self._listen():
                return self._end()

    def _listen(self) -> bool:
        try:
            piece, descriptors, _, _ = socket.recv_fds(self._control, 65536, _FDS_A_WORKER)
        except ConnectionError:
            return False
        self._descriptors.extend(descriptors)
        for frame in self._unpacker.feed(piece):
            self._obey(orjson.loads(frame))
        return bool(piece)

    def _obey(self, order: dict[str, Any]) -> None:
        if "preload" in order:
            preload(order["preload"])
            gc.collect()
            gc.freeze()  # The pages of what is loaded now stay shared: the collector never touches them.
            return self._tell({"ready": os.getpid()})
        line, output = self._descriptors.popleft(), self._descriptors.popleft()
        pid = self._fork(line, output, order["settings"])
        self._children.add(pid)
        os.close(line)
        os.close(output)
        self._tell({"spawned": order["spawn"], "pid": pid})

    def _fork(self, line: int, output: int, settings: dict[str, Any]) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        if pid := os.fork():
            return pid
        code = 1
        try:
            self._become_a_worker()
            code = worker.main(line, output, worker.Settings(**settings))
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)

    def _become_a_worker(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _bury(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        while self._children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)
            code = os.waitstatus_to_exitcode(status)
            self._tell({"exited": pid, "code": code, "peak_memory": usage.ru_maxrss * _RSS_UNIT})

    def _tell(self, answer: dict[str, Any]) -> None:
        with suppress(ConnectionError):
            self._control.sendall(wire.packed(orjson.dumps(answer)))

    def _end(self) -> None:
        # The house is gone. A worker inside a long call into C would notice only when that returns.
        for pid in self._children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
