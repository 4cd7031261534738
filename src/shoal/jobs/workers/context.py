"""What a running job sees of the house."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from shoal.jobs.workers.protocol import Artifact, Assignment, FromWorker, Log, Progress
from shoal.storage.backend import Storage

_AT_ONCE = 8192  # characters of log that are sent without waiting for more
_PAUSE = 0.05  # seconds between two messages of the same sort that can be merged


class Cancelled(Exception):
    """End a job that was told to stop; raised by `Context.check`."""


class Context:
    """Offer a job its log, progress, artifacts, files, and the wish of others that it end.

    Every method may be called from any thread of the job.
    """

    def __init__(self, lease: Assignment, files: Storage, send: Callable[[FromWorker], None]) -> None:
        self.job_id = lease.job_id
        self.name = lease.name
        self.generation = lease.generation
        self.attempt = lease.attempt
        self.threads = lease.threads
        self.files = files
        self.token = lease.token
        self._send = send
        self._reason: str | None = None
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._waiting = 0
        self._logged = self._reported = float("-inf")
        self._progress: Progress | None = None

    def log(self, line: str) -> None:
        """Add a line to the attempt's log."""
        with self._lock:
            self._lines.append(line if line.endswith("\n") else line + "\n")
            self._waiting += len(line)
            if self._waiting >= _AT_ONCE or monotonic() - self._logged >= _PAUSE:
                self._send_lines()

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
        key = f"jobs/{self.job_id}/{self.generation}/{self.attempt}/{name}"
        stored = self.files.put(key, [content])
        self._send(Artifact(self.token, name, key, stored.size, stored.sha256))
        return key

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

    def flush(self) -> None:
        """Send what waits to be merged; called by the worker."""
        with self._lock:
            if self._lines:
                self._send_lines()
            if self._progress is not None:
                self._send_progress()

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
