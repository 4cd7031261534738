"""What is known of a source of functions: a child process reads it and describes it, never who asks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

import orjson

from shoal.jobs.sandbox.terms import Terms
from shoal.jobs.scripts.script import Script
from shoal.jobs.scripts.source import read_source, state_of

TIMEOUT = 60.0
LOOK_AGAIN = 10.0
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "SHOAL_CACHE_DIR")
_SAID = 2000
State = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Described:
    """What a child said of a source, and the state of the code that it read."""

    source: str
    scripts: tuple[Script, ...] = ()
    errors: tuple[dict[str, str], ...] = ()
    roots: tuple[Path, ...] = ()
    state: State = ()
    at: float = field(default_factory=monotonic)

    @property
    def is_current(self) -> bool:
        """Say whether the code is as it was; where none was found, it is looked for again after a while."""
        if not self.roots:
            return monotonic() - self.at < LOOK_AGAIN
        return _state(self.roots) == self.state


class Children:
    """Have sources described, each by a child; may be used by several threads."""

    def __init__(self, terms: Terms | None) -> None:
        """Prepare; `terms` is how children are confined, None: not at all."""
        self._terms = terms
        self._alive: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._open = True

    def close(self) -> None:
        """End those that are at work, and begin no other."""
        with self._lock:
            self._open = False
            for child in self._alive:
                _end(child)

    def describe(self, source: str) -> Described:
        """Have a child describe a source; its trouble is told in `errors`."""
        path = read_source(source).path
        if path is not None and not path.exists():
            return _broken(source, f"There is no folder or file {path}.")
        before = _state([path]) if path else ()
        try:
            content = self._asked(source)
        except _Trouble as trouble:
            return replace(_broken(source, str(trouble)), roots=(path,) if path else (), state=before)
        roots = tuple(map(Path, content["roots"]))
        return Described(
            source,
            tuple(map(Script.from_json, content["scripts"])),
            tuple(content["errors"]),
            roots,
            # Of a folder: as it was before the child read it, so that nothing written meanwhile is missed.
            before or _state(roots),
        )

    def _asked(self, source: str) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="shoal-describing-") as folder:
            child = self._begun(source, folder)
            try:
                out, said = child.communicate(timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                _end(child)
                child.communicate()
                raise _Trouble(f"It was not read within {TIMEOUT:g} s.") from None
            finally:
                with self._lock:
                    self._alive.discard(child)
        try:
            content: dict[str, Any] = orjson.loads(out)
        except ValueError:
            told = said.decode("utf-8", "replace")[-_SAID:].strip()
            raise _Trouble(
                f"The process that read it ended with {child.returncode}. {told}".strip()
            ) from None
        return content

    def _begun(self, source: str, folder: str) -> subprocess.Popen[bytes]:
        if (terms := self._terms) is None:
            words = ["describing"]
        else:
            words = ["examining", orjson.dumps(terms.plain()).decode()]
        with self._lock:
            if not self._open:
                raise _Trouble("The server stops.")
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", f"shoal.jobs.scripts.{words[0]}", *words[1:], source],
                cwd=folder,
                env={name: os.environ[name] for name in _KEPT if name in os.environ} | {"HOME": folder},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._alive.add(child)
            return child


class _Trouble(Exception):
    """Say why a child gave no description."""


def _end(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _state(roots: Sequence[Path]) -> State:
    try:
        return state_of(roots)
    except OSError:
        return ()


def _broken(source: str, message: str) -> Described:
    return Described(source, errors=({"module": source, "message": message, "traceback": ""},))
