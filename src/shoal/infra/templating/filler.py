"""The process that fills in templates, as its parent sees it: it may take too long, or die."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import orjson

from shoal.base.errors import ShoalError
from shoal.infra.secrets import Secrets
from shoal.infra.templating.child import COMMANDS, CPU_SECONDS
from shoal.infra.templating.explaining import sentence
from shoal.infra.templating.facts import Facts

SECONDS = 60.0  # of a busy machine, for a whole tree; each text's own time is bounded by CPU_SECONDS
_GRACE = 1.0  # seconds that a child has to end once its parent has let go of it
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH")


class Filler:
    """Fill in texts in a process that is started when it is first needed, and again when it has died."""

    def __init__(self, secrets: Secrets | None, commands: bool) -> None:
        self._secrets = secrets
        self._commands = commands
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""

    def answers(self, texts: Sequence[str], facts: Facts, values: bool) -> Iterator[dict[str, Any]]:
        """Yield what became of each text; of those that the time does not suffice for, of the first."""
        known = {"names": facts.names(), "nodes": facts.nodes, "native": values}
        left, end = list(texts), monotonic() + SECONDS
        try:
            while left and monotonic() < end:
                self._send({**known, "texts": left})
                alive = True
                while left and alive:
                    yield self._answer(end)
                    left, alive = left[1:], self._process is not None
        except BaseException:  # What is not read yet would be taken for answers to what comes next.
            self.end()
            raise

    def _answer(self, end: float) -> dict[str, Any]:
        """Return what became of the next text, giving away the secrets that it asks for."""
        while (said := self._read(end)) is not None:
            message: dict[str, Any] = orjson.loads(said)
            if "secret" not in message:
                return message
            self._send(self._secret(message))
        return {"fault": self._death(monotonic() >= end)}

    def _secret(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if self._secrets is None:
            return {"refused": ["there are no secrets here", "use a variable"]}
        try:
            get = self._secrets.public if asked["public"] else self._secrets.get
            return {"secret": get(asked["secret"], asked["kind"])}
        except ShoalError as error:
            return {"refused": [error.message, error.hint]}

    def _send(self, message: Mapping[str, Any]) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            self.end()
            process = self._started()
        if process.stdin is not None:
            with suppress(OSError):  # It has died; that nothing more comes from it tells so.
                process.stdin.write(orjson.dumps(message) + b"\n")
                process.stdin.flush()

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._unread = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "shoal.infra.templating.child", *([COMMANDS] if self._commands else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        return self._process

    def _read(self, end: float) -> bytes | None:
        """Return the next line of the child, None when it has died or says nothing until `end`."""
        if self._process is None or self._process.stdout is None:
            return None
        descriptor = self._process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if not selector.select(max(0.0, end - monotonic())):
                    return None
                if not (more := os.read(descriptor, 1 << 20)):
                    return None
                self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _death(self, is_late: bool) -> dict[str, Any]:
        """End the child, which has died or takes too long, and say why."""
        code = self.end()
        if is_late:
            what, advice = f"takes more than {SECONDS:g} s", "make it simpler"
        elif code == -signal.SIGXCPU:
            what, advice = (
                f"takes more than {CPU_SECONDS} s of processor time",
                "make the loops or the numbers smaller",
            )
        else:
            what, advice = "ended the process that does it, probably for want of memory", "make it smaller"
        return {"message": sentence(f"filling it in {what}"), "advice": sentence(advice)}

    def end(self) -> int | None:
        """End the process; return its exit code, None when there was none."""
        process, self._process = self._process, None
        if process is None:
            return None
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            return process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
