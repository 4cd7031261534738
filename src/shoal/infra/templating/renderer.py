"""Filling in templates from a process that no template can hurt."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, Self

import orjson

from shoal.base.errors import ShoalError
from shoal.infra.errors import BadTemplate
from shoal.infra.faults import MOST, Fault
from shoal.infra.secrets import Secrets
from shoal.infra.templating.child import COMMANDS, CPU_SECONDS
from shoal.infra.templating.facts import Facts
from shoal.infra.templating.leaves import Path, is_template, leaves, replaced, shown

LEAF_SECONDS = 60.0  # a busy machine's time; a template's own is bounded by CPU_SECONDS
_GRACE = 1.0  # seconds that a child has to end once its parent has let go of it
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH")
Saw = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A tree with its templates filled in, and the instances of other nodes that they used."""

    value: Any
    saw: Saw = field(default_factory=dict)


class Renderer:
    """Fill in templates; threads may share it, and it takes them in turn.

    A template that takes too much time or memory ends with an error, and those after it go on.

    Args:
        secrets: where templates get the secrets of their infrastructure; None: they may not ask for any.
        commands: whether templates may call `cmd`.
    """

    def __init__(self, secrets: Secrets | None = None, *, commands: bool = False) -> None:
        self._secrets = secrets
        self._commands = commands
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._end()

    def render(self, value: Any, facts: Facts, section: str = "") -> Any:
        """Return a JSON tree with every string filled in; see `rendered`."""
        return self.rendered(value, facts, section).value

    def rendered(self, value: Any, facts: Facts, section: str = "", *, values: bool = False) -> Rendered:
        """Return a JSON tree with every string filled in, keys of mappings too; the rest is left as it is.

        Args:
            value: the tree.
            facts: what its templates may use.
            section: what the tree is, for messages.
            values: a string that is one `{{ expression }}` becomes its value: a number, a list, a mapping.

        Raises:
            BadTemplate: some cannot be filled in; the error has them all.
        """
        found = {path: text for path, text in leaves(value) if is_template(text)}
        if not found:
            return Rendered(value)
        filled: dict[Path, Any] = {}
        faults: list[Fault] = []
        saw: Saw = {}
        with self._lock:
            for path, answer in zip(found, self._answers(list(found.values()), facts, values), strict=True):
                if "fault" in answer:
                    faults.append(Fault(**answer["fault"], pointer=f"{section}{shown(path)}"))
                filled[path] = answer.get("value", "")
                merge(saw, answer.get("saw", {}))
        if faults:
            raise bad_template(faults)
        return Rendered(replaced(value, lambda path, text: filled.get(path, text)), saw)

    def _answers(self, texts: Sequence[str], facts: Facts, values: bool) -> Iterator[dict[str, Any]]:
        known = {"names": facts.names(), "nodes": facts.nodes, "native": values}
        left = list(texts)
        while left:
            self._send({**known, "texts": left})
            alive = True
            while left and alive:
                yield self._answer()
                left, alive = left[1:], self._process is not None

    def _answer(self) -> dict[str, Any]:
        """Return what became of the next text, giving away the secrets that it asks for."""
        end = monotonic() + LEAF_SECONDS
        while (said := self._read(end)) is not None:
            message: dict[str, Any] = orjson.loads(said)
            if "secret" not in message:
                return message
            self._send(self._secret(message))
        return {"fault": self._death()}

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
            process = self._started()
        if process.stdin is not None:
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

    def _death(self) -> dict[str, Any]:
        """End the child, which has died or hangs, and say why it did."""
        code = self._end()
        if code == -signal.SIGXCPU:
            message = f"filling it in takes more than {CPU_SECONDS} s of processor time"
            return {"message": message, "advice": "make the loops or the numbers smaller"}
        if code == -signal.SIGKILL:
            return {
                "message": f"filling it in takes more than {LEAF_SECONDS:g} s",
                "advice": "make it simpler",
            }
        message = "filling it in ended the process that does it, probably for want of memory"
        return {"message": message, "advice": "make it smaller"}

    def _end(self) -> int | None:
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


def merge(into: Saw, more: Mapping[str, Sequence[str]]) -> None:
    """Add the instances that a template used to those known, each once."""
    for node, ids in more.items():
        into[node] = list(dict.fromkeys([*into.get(node, []), *ids]))


def bad_template(faults: Sequence[Fault]) -> BadTemplate:
    """Return the error that says which templates cannot be filled in."""
    first, others = faults[0], len(faults) - 1
    more = f" {others} more {'is' if others == 1 else 'are'} wrong, too." if others else ""
    place = f"{first.pointer}: " if first.pointer else ""
    shown = [fault._asdict() for fault in faults[:MOST]]
    return BadTemplate(f"{place}{first.message}", hint=f"{first.advice}{more}".strip(), faults=shown)
