"""What a running job sees of the house."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

from shoal.base.errors import Unavailable
from shoal.base.problems import error_of_problem
from shoal.jobs.workers.protocol import Artifact, Ask, Assignment, FromWorker, Log, Progress, Raw, Told
from shoal.storage.backend import Storage

_AT_ONCE = 8192  # characters of log that are sent without waiting for more
_PIECE = 1 << 20
_PAUSE = 0.05  # seconds between two messages of the same sort that can be merged


class Cancelled(Exception):
    """End a job that was told to stop; raised by `Context.check`."""


class Failed(Exception):
    """End a job whose program failed: `error` is as in `Outcome.error`, `result` what it gave."""

    def __init__(self, error: dict[str, Any], result: dict[str, Any] | None = None) -> None:
        super().__init__(error.get("message", ""))
        self.error = error
        self.result = result


class Context:
    """Offer a job its log, progress, artifacts, files, and the wish of others that it end.

    Every method may be called from any thread of the job. A runner sets `exit_code`, `peak_memory` (bytes)
    and `facts` (see `Outcome.facts`) of what it ran, which are kept however the job ends.
    """

    def __init__(
        self,
        lease: Assignment,
        files: Storage,
        send: Callable[[FromWorker], None],
        terms: Mapping[str, Any] | None = None,
    ) -> None:
        self.job_id = lease.job_id
        self.name = lease.name
        self.generation = lease.generation
        self.attempt = lease.attempt
        self.threads = lease.threads
        self.files = files
        self.token = lease.token
        self.terms = terms or {}
        self.exit_code: int | None = None
        self.peak_memory: int | None = None
        self.facts: dict[str, Any] = {}
        self._on_stop: Callable[[str], None] | None = None
        self._send = send
        self._reason: str | None = None
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._waiting = 0
        self._logged = self._reported = float("-inf")
        self._progress: Progress | None = None
        self._numbers = count(1)
        self._answers: dict[int, Future[Told]] = {}

    def log(self, line: str) -> None:
        """Add a line to the attempt's log."""
        with self._lock:
            self._lines.append(line if line.endswith("\n") else line + "\n")
            self._waiting += len(line)
            if self._waiting >= _AT_ONCE or monotonic() - self._logged >= _PAUSE:
                self._send_lines()

    def output(self, content: bytes, stream: str) -> None:
        """Add bytes to a stream of the attempt's log: `o` (stdout) or `e` (stderr); sent at once."""
        with self._lock:
            if self._lines:
                self._send_lines()
            try:
                self._send(Log(self.token, content.decode(), stream))
            except UnicodeDecodeError:
                self._send(Raw(self.token, b64encode(content).decode(), stream))

    def progress(self, done: float, total: float | None = None, note: str = "") -> None:
        """Say how far the job is; may be called as often as is handy."""
        with self._lock:
            self._progress = Progress(self.token, done, total, note)
            if monotonic() - self._reported >= _PAUSE:
                self._send_progress()

    def artifact(self, name: str, content: bytes) -> str:
        """Write a file durably and return its storage key, which is this attempt's own.

        Raises:
            InvalidInput: the name cannot be a part of a key.
            StorageFull: the disk has no room.
        """
        return self._keep(name, [content])

    def artifact_file(self, path: Path, name: str | None = None) -> str:
        """Store a file durably, piece by piece, and return its key; raises as `artifact` and `open`."""
        with path.open("rb") as file:
            return self.artifact_stream(file, name or path.name)

    def artifact_stream(self, file: BinaryIO, name: str) -> str:
        """Store what is left to read of an open file durably, and return its key; raises as `artifact`."""
        return self._keep(name, iter(partial(file.read, _PIECE), b""))

    def ask(self, question: Mapping[str, Any], timeout: float = 60.0) -> Any:
        """Ask the house, and return what the job's kind answers (`Kind.answer`), durably written down.

        Raises:
            ShoalError: what the house says no with.
            Unavailable: it did not answer in time; whether it has written is not known.
        """
        number, answer = next(self._numbers), Future[Told]()
        self._answers[number] = answer
        try:
            self._send(Ask(self.token, number, dict(question)))
            told = answer.result(timeout)
        except TimeoutError as error:
            raise Unavailable("The house did not answer in time.") from error
        finally:
            self._answers.pop(number, None)
        if told.error is not None:
            raise error_of_problem(told.error, told.error["status"])
        return told.answer

    def told(self, answer: Told) -> None:
        """Pass an answer on to the thread that asked; called by the worker."""
        if (waiting := self._answers.get(answer.number)) is not None:
            waiting.set_result(answer)

    def cancelled(self) -> bool:
        """Say whether the job should end soon; `reason` says why."""
        return self._reason is not None

    @property
    def reason(self) -> str | None:
        """Return why the job should end: `cancelled`, `timeout`, `shutdown`, or None."""
        return self._reason

    def check(self) -> None:
        """Raise `Cancelled` when the job should end; call it where stopping is safe."""
        if self._reason is not None:
            raise Cancelled(self._reason)

    def stop(self, reason: str) -> None:
        """Ask the job to end; called by the worker."""
        self._reason = reason
        if (react := self._on_stop) is not None:
            react(reason)

    def when_stopped(self, react: Callable[[str], None] | None) -> None:
        """Call a function, in another thread, when the job should end: at once when it should already."""
        self._on_stop = react
        if react is not None and self._reason is not None:
            react(self._reason)

    def flush(self) -> None:
        """Send what waits to be merged; called by the worker."""
        with self._lock:
            if self._lines:
                self._send_lines()
            if self._progress is not None:
                self._send_progress()

    def _keep(self, name: str, pieces: Iterable[bytes]) -> str:
        key = f"jobs/{self.job_id}/{self.generation}/{self.attempt}/{name}"
        stored = self.files.put(key, pieces)
        kept = Artifact(self.token, name, key, stored.size, stored.sha256)
        self.facts.setdefault("artifacts", []).append(
            {"name": name, "key": key, "size": kept.size, "sha256": kept.sha256}
        )
        self._send(kept)
        return key

    def _send_lines(self) -> None:
        self._send(Log(self.token, "".join(self._lines)))
        self._lines.clear()
        self._waiting = 0
        self._logged = monotonic()

    def _send_progress(self) -> None:
        if self._progress is not None:
            self._send(self._progress)
        self._progress = None
        self._reported = monotonic()
