"""The program that functions are called in, inside the sandbox: it loads once and forks for each call.

It reads orders from descriptor 3, each with the descriptors of a call's stdout, stderr and result, and
answers there. The package's code runs in it while it is loaded; a call's code runs in a child alone.
"""

from __future__ import annotations

import ast
import gc
import os
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from shoal.jobs.sandbox import family, privileges
from shoal.jobs.sandbox.limits import Limits
from shoal.jobs.workers import wire

CONTROL = 3
_STREAMS = 3
_RSS_UNIT = 1024
_TEXT = "<text>"


def main() -> None:
    """Load the source that is named on the command line and serve calls until the line closes."""
    line = socket.socket(fileno=CONTROL)
    line.set_inheritable(False)
    privileges.adopt_orphans()
    privileges.show_nobody(hidden=True)
    Host(line, sys.argv[1]).serve()


class Host:
    """Fork for each call, wait for its end, and leave nothing of it behind."""

    def __init__(self, line: socket.socket, source: str) -> None:
        self._line = line
        self._source = source
        self._unpacker = wire.Unpacker()
        self._descriptors: deque[int] = deque()
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)
        self._call: int | None = None

    def serve(self) -> None:
        """Load, say what was loaded, and obey until the line closes."""
        self._tell(_loaded(self._source))
        gc.collect()
        gc.freeze()  # What is loaded stays shared with the calls: the collector never touches it.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self._line.fileno(), self._wake_read], [], [])
            if self._wake_read in ready:
                self._bury()
            if self._line.fileno() in ready and not self._listen():
                return

    def _listen(self) -> bool:
        piece, descriptors, _, _ = socket.recv_fds(self._line, 1 << 16, _STREAMS)
        for each in descriptors:
            os.set_inheritable(each, False)
        self._descriptors.extend(descriptors)
        for frame in self._unpacker.feed(piece):
            self._start(orjson.loads(frame))
        return bool(piece)

    def _start(self, order: dict[str, Any]) -> None:
        streams = [self._descriptors.popleft() for _ in range(_STREAMS)]
        host = os.getpid()
        if pid := os.fork():
            self._call = pid
            for each in streams:
                os.close(each)
            return
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            _become_a_call(order, streams, host)
            _send_result(streams[2], _called(self._source, order))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)

    def _bury(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._call:
                self._call = None
                self._leave_nothing()
                told = {"code": os.waitstatus_to_exitcode(status), "peak": usage.ru_maxrss * _RSS_UNIT}
                self._tell({"ended": True, "cpu": usage.ru_utime + usage.ru_stime, **told})

    def _leave_nothing(self) -> None:
        """Kill what the call has started; orphans have become our children."""
        while left := list(family.descendants(os.getpid())):
            family.signal_all(left, signal.SIGKILL)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass

    def _tell(self, message: Mapping[str, Any]) -> None:
        self._line.sendall(wire.packed(orjson.dumps(message)))


def evaluated(code: str, data: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Run Python text; returns the value of its last line when that is an expression, else of `result`."""
    tree = ast.parse(code, _TEXT)
    names = {"__name__": "__main__", "data": data, "args": args, "kwargs": kwargs}
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, _TEXT, "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), _TEXT, "eval"), names)
    return names.get("result")


def _loaded(source: str) -> dict[str, Any]:
    if not source:
        return {"code_hash": "", "errors": []}
    from shoal.jobs.scripts.calling import load

    loaded = load(source)
    return {"code_hash": loaded.code_hash, "errors": [one["message"] for one in loaded.errors]}


def _become_a_call(order: Mapping[str, Any], streams: list[int], host: int) -> None:
    os.setsid()
    privileges.show_nobody(hidden=False)
    privileges.die_with(host)
    for target, each in enumerate(streams[:2], 1):
        os.dup2(each, target)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["env"])
    bounds = Limits(**order["limits"])
    bounds.apply(order["slot"], order["others"], data=_data_size())


def _called(source: str, order: Mapping[str, Any]) -> dict[str, Any]:
    from shoal.jobs.scripts import calling, conversion, failures, results
    from shoal.jobs.scripts.hints import EMPTY
    from shoal.jobs.scripts.materials import Material

    material, folder = Material.from_json(order["material"]), Path(order["folder"])
    args, kwargs = order["args"], order["kwargs"]
    if "code" not in order:
        return calling.call(source, order["function"], material, args, kwargs, folder, order["seed"])
    try:
        data = conversion.given(material, "any", EMPTY, folder) if material else None
        return results.result_of(evaluated(order["code"], data, args, kwargs), folder)
    except (Exception, SystemExit) as error:
        return failures.failure_of(_without_ours(error))


def _without_ours(error: BaseException) -> BaseException:
    """Return an exception whose traceback begins in the text that was run."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != _TEXT:
        trace = trace.tb_next
    return error.with_traceback(trace)


def _send_result(descriptor: int, result: dict[str, Any]) -> None:
    content = orjson.dumps({"result": result, "packages": _packages()}, option=orjson.OPT_NON_STR_KEYS)
    while content:
        content = content[os.write(descriptor, content) :]


def _packages() -> dict[str, str]:
    """Return the versions of the packages that are loaded and say which they are."""
    versions = {}
    for name, module in sys.modules.copy().items():
        version = getattr(module, "__version__", None)
        is_package = "." not in name and not name.startswith("_") and name not in sys.stdlib_module_names
        if is_package and isinstance(version, str):
            versions[name] = version
    return dict(sorted(versions.items()))


def _data_size() -> int:
    """Return the bytes of data and stack that this process has now."""
    words = Path("/proc/self/statm").read_bytes().split()
    return int(words[5]) * os.sysconf("SC_PAGE_SIZE")
