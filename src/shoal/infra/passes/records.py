"""What a pass leaves on the disk: logs of machines, and the files that they publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shoal.base.errors import InvalidInput
from shoal.base.faults import fault_point
from shoal.base.files import write_durably
from shoal.infra.secrets import Secrets

PUBLISH = fault_point("infra.publish", "A file that a machine publishes is kept.")
_LONGEST = 32 << 20  # bytes of a machine's log


class Records:
    """Write below the folder of one infrastructure; nothing secret reaches a log."""

    def __init__(self, folder: Path, secrets: Secrets) -> None:
        self._folder = folder
        self._secrets = secrets

    @contextmanager
    def log(self, instance: str) -> Iterator[Callable[[bytes], None]]:
        """Give what adds bytes to a machine's log; a log that is full takes no more."""
        path = self._folder / "logs" / f"{instance}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:

            def add(content: bytes) -> None:
                if file.tell() < _LONGEST:
                    file.write(content)

            masking = self._secrets.masking(add)
            try:
                yield masking
            finally:
                masking.end()

    def publish(self, instance: str, path: str, content: bytes) -> None:
        """Keep a file that a machine publishes, below the machine's id, by its path there."""
        parts = Path(path).parts
        if ".." in parts:
            raise InvalidInput(f"A published file's path has no `..`: {path}")
        names = [part for part in parts if part != "/"]
        place = self._folder / "outputs" / instance / Path(*names)
        write_durably(PUBLISH, place, content, private=True)
