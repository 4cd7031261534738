"""The program that runs a batch's items inside the sandbox: thousands, one process each, at little cost.

It stands alone: it is started by its path, without our packages, and needs the standard library only. It
reads its plan from descriptor 3, writes `done failed` lines to descriptor 4, each item's output to its own
stdout and stderr in the order of the items, and each item's outcome to a file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic
from typing import Any, BinaryIO

PLAN, REPORTS = 3, 4
MARK = "{{.}}"
_KEPT = 64 << 10  # bytes of an item's output that its record keeps
_PIECE = 1 << 20
_PAUSE = 0.1  # seconds between two reports
_NOT_FOUND = 127


def numbers(start: int | str, stop: int | str, step: int | str) -> Iterator[str]:
    """Yield the numbers of a batch as text, both ends included; decimals keep their places."""
    if all(isinstance(each, int) for each in (start, stop, step)):
        yield from map(str, range(int(start), int(stop) + 1, int(step)))
        return
    first, last, by = Decimal(start), Decimal(stop), Decimal(step)
    places = min(int(first.as_tuple().exponent), int(by.as_tuple().exponent), 0)
    unit = Decimal(1).scaleb(places)
    for n in range(int((last - first) / by) + 1):
        yield str((first + n * by).quantize(unit))


@dataclass
class Item:
    """An item that runs, and the two files that take what it writes."""

    number: str
    pid: int
    files: tuple[BinaryIO, BinaryIO]
    began: float


class Batch:
    """Run items, as many at once as the plan says, and tell of them in order."""

    def __init__(self, plan: dict[str, Any], records: BinaryIO, reports: int) -> None:
        self._plan = plan
        self._records = records
        self._reports = reports
        self._env = dict(os.environ)
        self._files: list[tuple[BinaryIO, BinaryIO]] = []
        self._running: deque[Item] = deque()
        self._done = self._failed = 0
        self._first: list[Any] = []
        self._told = 0.0

    def run(self) -> None:
        """Run all items; with `fail_fast`, none is begun after one that failed."""
        for number in numbers(self._plan["start"], self._plan["stop"], self._plan["step"]):
            if len(self._running) >= self._plan["parallel"]:
                self._end(self._running.popleft())
            if self._failed and self._plan["fail_fast"]:
                break
            self._begin(number)
        while self._running:
            self._end(self._running.popleft())
        self._tell(last=True)

    def _begin(self, number: str) -> None:
        files = self._files.pop() if self._files else (_file(), _file())
        argv = [word.replace(MARK, number) for word in self._plan["cmd"]]
        env = self._env | {name: text.replace(MARK, number) for name, text in self._plan["env"].items()}
        moves = [(os.POSIX_SPAWN_DUP2, file.fileno(), n) for n, file in enumerate(files, 1)]
        began = monotonic()
        try:
            pid = os.posix_spawnp(argv[0], argv, env, file_actions=moves)
        except OSError as error:
            pid = 0
            files[1].write(f"{argv[0]}: {error.strerror}\n".encode())
            files[1].flush()
        self._running.append(Item(number, pid, files, began))

    def _end(self, item: Item) -> None:
        code = _NOT_FOUND
        if item.pid:
            _, status = os.waitpid(item.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            code = code if code >= 0 else 128 - code
        texts = [_passed_on(file, target) for target, file in enumerate(item.files, 1)]
        self._files.append(item.files)
        self._done += 1
        self._failed += code != 0
        if code != 0 and not self._first:
            self._first = [item.number, code]
        self._record(item, code, texts)
        if monotonic() - self._told >= _PAUSE:
            self._tell()

    def _record(self, item: Item, code: int, texts: list[str]) -> None:
        number = int(item.number) if item.number.lstrip("-").isdigit() else item.number
        seconds = round(monotonic() - item.began, 6)
        record = {
            "item": number,
            "exit_code": code,
            "stdout": texts[0],
            "stderr": texts[1],
            "seconds": seconds,
        }
        self._records.write(json.dumps(record, ensure_ascii=False).encode(errors="replace") + b"\n")

    def _tell(self, *, last: bool = False) -> None:
        self._told = monotonic()
        self._records.flush()
        told = {"done": self._done, "failed": self._failed, "first": self._first, "last": last}
        os.write(self._reports, json.dumps(told).encode() + b"\n")


def _file() -> BinaryIO:
    return tempfile.TemporaryFile(buffering=0, dir=os.environ["TMPDIR"])


def _passed_on(file: BinaryIO, target: int) -> str:
    """Write what an item wrote to our own stream, empty its file, and return the beginning."""
    if not (size := os.lseek(file.fileno(), 0, os.SEEK_END)):
        return ""
    first = b""
    for at in range(0, size, _PIECE):
        piece = os.pread(file.fileno(), _PIECE, at)
        first = first or piece[:_KEPT]
        while piece:
            piece = piece[os.write(target, piece) :]
    os.ftruncate(file.fileno(), 0)
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    return first.decode(errors="replace")


def main() -> None:
    """Run the batch whose plan waits."""
    with os.fdopen(PLAN, "rb") as planned:
        plan = json.loads(planned.read())
    os.set_inheritable(REPORTS, False)
    with open(plan["records"], "wb") as records:  # noqa: PTH123
        Batch(plan, records, REPORTS).run()


if __name__ == "__main__":
    main()
