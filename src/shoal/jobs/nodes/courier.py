"""What attempts write on a node, brought to the server: logs while they grow, artifacts at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from shoal.base.errors import Unavailable
from shoal.jobs import logs
from shoal.jobs.model import Lease
from shoal.jobs.nodes.line import PIECE, Line
from shoal.jobs.nodes.patience import Patience
from shoal.jobs.nodes.tags import mark
from shoal.jobs.workers.protocol import Artifact
from shoal.storage.files import FileStorage


@dataclass(eq=False)
class _Sent:
    """How much of an attempt's log and of its index is at the server; one thread at a time sends."""

    log: int = 0
    index: int = 0
    sending: threading.Lock = field(default_factory=threading.Lock)


class Courier:
    """Send the files of attempts under the attempts' own tokens; may be used by several threads."""

    def __init__(self, line: Line, files: FileStorage, log_folder: Path) -> None:
        self._line = line
        self._files = files
        self._folder = log_folder
        self._sent: dict[str, _Sent] = {}
        self._lock = threading.Lock()

    def send_log(self, token: str, key: str) -> None:
        """Send what an attempt's log has grown by.

        Raises:
            Unavailable: the server does not answer, or has no room; ask again.
            ShoalError: the server does not want it.
        """
        with self._lock:
            sent = self._sent.setdefault(token, _Sent())
        with sent.sending, suppress(FileNotFoundError), (self._folder / key).open("rb") as file:
            file.seek(sent.log)
            while piece := file.read(PIECE):
                self._send_piece(token, sent, piece, self._folder / logs.index_key(key))

    def has_log(self, lease: Lease) -> bool:
        """Say whether an attempt wrote a log."""
        return (self._folder / _log_key(lease)).exists()

    def send_all(self, lease: Lease, artifacts: Sequence[Artifact], patience: Patience) -> None:
        """Send all that an attempt wrote; a broken network is waited for.

        Raises:
            Unavailable: `patience` has ended.
            ShoalError: the server does not want it.
        """
        wishes: list[Callable[[], None]] = [partial(self.send_log, lease.token, _log_key(lease))]
        wishes += [partial(self._send_artifact, lease.token, one) for one in artifacts]
        for wish in wishes:
            while True:
                try:
                    wish()
                    break
                except Unavailable as error:
                    patience.pause(error)

    def forget(self, lease: Lease) -> None:
        """Remove the log of an attempt that is over."""
        with self._lock:
            self._sent.pop(lease.token, None)
        logs.remove(self._folder, _log_key(lease))

    def _send_piece(self, token: str, sent: _Sent, piece: bytes, index: Path) -> None:
        # The last line of an index is written over while its stretch grows.
        known = max(0, sent.index - logs.STRETCH_SIZE)
        told = index.read_bytes()[known:]
        params = {"offset": sent.log, "size": len(piece), "index_offset": known}
        self._line.put("log", token, params, piece + told, len(piece) + len(told))
        sent.log += len(piece)
        sent.index = known + len(told)

    def _send_artifact(self, token: str, artifact: Artifact) -> None:
        path = self._files.path(artifact.key)
        params = {"name": artifact.name, "sha256": artifact.sha256}
        answer = self._line.put("artifacts", token, params, _pieces(path), artifact.size)
        if tag := answer.get("tag"):
            mark(path, tag)  # From now on it is a copy like those that were fetched.


def _log_key(lease: Lease) -> str:
    return logs.log_key(lease.job_id, lease.generation, lease.attempt)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
