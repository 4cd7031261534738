"""The folder that holds everything, and the lock that says which process owns it."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoal.base.errors import Conflict, Forbidden, HomeInUse
from shoal.base.files import explained

# There while a backup is being put back, and after that was interrupted.
RESTORING = "restoring"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a home: a process id, its command, and its address when it is a server."""

    pid: int
    command: str
    url: str | None

    def __str__(self) -> str:
        return f"{self.command} (process {self.pid})"


class Home:
    """A home folder, held by this process until `close`.

    Below it: `shoal.db` (unless another database is set), `files/` (datasets, artifacts), `live/` (rows of
    live tasks), `infra/` (secrets and logs of infrastructures), `logs/`, `run/`.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock
        self.files = path / "files"
        self.live = path / "live"
        self.infra = path / "infra"
        self.logs = path / "logs"
        self.run = path / "run"

    @classmethod
    def open(cls, path: Path, *, wait: float = 0.0, restoring: bool = False) -> Home:
        """Take the home's lock, making the folder when it is not there.

        Args:
            path: the folder.
            wait: seconds to wait for another command to let go. A server is never waited for.
            restoring: whether to put a backup into it.

        Raises:
            HomeInUse: another process holds the home; `details["url"]` is set when it is a server.
            Forbidden: the folder cannot be made or written.
            StorageFull: the disk has no room.
            Conflict: a backup was put into it only in part.
        """
        lock = None
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(path / "home.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _take(lock, path, time.monotonic() + wait)
            home = cls(path, lock)
            home.publish(None)
            if not restoring and (path / RESTORING).exists():
                raise _half_restored(path)
            for folder in (home.files, home.live, home.infra, home.logs, home.run):
                folder.mkdir(mode=0o700, exist_ok=True)
        except BaseException as error:
            if lock is not None:
                os.close(lock)
            raise (_explained(error, path) if isinstance(error, OSError) else error) from error
        return home

    def publish(self, url: str | None) -> None:
        """Write into the lock file who holds the home, and where its server listens."""
        command = " ".join(["shoal", *sys.argv[1:3]])
        content = json.dumps({"pid": os.getpid(), "command": command, "url": url}).encode()
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, content, 0)

    def close(self) -> None:
        """Let go of the home."""
        os.ftruncate(self._lock, 0)
        os.close(self._lock)


def holder(path: Path) -> Holder | None:
    """Return who holds the home at `path`, or None when nobody does."""
    try:
        lock = os.open(path / "home.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(lock)
    finally:
        os.close(lock)
    return None


def _take(lock: int, path: Path, until: float) -> None:
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            found = _read_holder(lock)
            if found.url is not None or time.monotonic() >= until:
                raise _in_use(path, found) from None
        time.sleep(0.05)


def _read_holder(lock: int) -> Holder:
    # The holder may be between truncating and writing: then only the pid is unknown, never the fact.
    try:
        content: dict[str, Any] = json.loads(os.pread(lock, 4096, 0))
    except ValueError:
        content = {}
    return Holder(content.get("pid", 0), content.get("command", "another command"), content.get("url"))


def _in_use(path: Path, found: Holder) -> HomeInUse:
    hint = f"It serves at {found.url}." if found.url else "Wait for it to end, or choose another --home."
    return HomeInUse(f"{path} is in use by {found}.", hint=hint, url=found.url, pid=found.pid)


def _half_restored(path: Path) -> Conflict:
    hint = f"Restore it again: shoal restore FILE --home {path}"
    return Conflict(f"A backup was put into {path} only in part.", hint=hint)


def _explained(error: OSError, path: Path) -> Exception:
    told = explained(error, path / "home.lock")
    if isinstance(told, Forbidden):
        return Forbidden(f"{path} cannot be written.", hint="Choose another folder with --home DIR.")
    if isinstance(error, NotADirectoryError | FileExistsError):
        return Forbidden(f"{path} is not a folder.", hint="Choose another folder with --home DIR.")
    return told
