"""Workers elsewhere, in processes of their own, and the server's database from outside."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shoal.base.database import Database
from shoal.base.faults import fault_point
from shoal.jobs.model import NO_RETRY, Attempt, Job, NewJob
from shoal.jobs.nodes import members
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import reading, submission
from tests.support.house import AT_ONCE, OWNER
from tests.support.server import ROOT
from tests.support.waiting import wait_until

WROTE = fault_point("tests.nodes", "A test writes beside a server.")
ELSEWHERE = "elsewhere"


@dataclass
class RunningNode:
    """A worker program elsewhere."""

    process: subprocess.Popen[bytes]
    output: Path
    spool: Path

    def log(self) -> str:
        return self.output.read_text()

    def says(self, words: str) -> None:
        wait_until(lambda: words in self.log(), timeout=60, on_timeout=self.log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running_node(folder: Path, url: str, token: str, **flags: Any) -> Iterator[RunningNode]:
    """Run a worker for a server until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("*.log")))
    spool = flags.pop("spool", folder / "spool")
    given = {"server": url, "token": token, "spool": str(spool), "workers": 2, "labels": [ELSEWHERE]}
    told = given | {"lease_seconds": 60.0} | flags
    output = folder / f"{number}.log"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.run_node", json.dumps(told)],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
    node = RunningNode(process, output, spool)
    try:
        yield node
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Beside:
    """The database of a server that runs, and short ways to speak of jobs for nodes."""

    database: Database
    labels: tuple[str, ...] = field(default=(ELSEWHERE,))

    def invite(self, name: str = "one") -> str:
        return self.database.write(WROTE, lambda conn: members.invite(conn, name))

    def submit(self, kind: str, spec: Mapping[str, Any] | None = None, n: int = 1, **job: Any) -> list[int]:
        fields: dict[str, Any] = {"retry": AT_ONCE, "labels": self.labels} | job
        if fields["retry"] is None:
            fields["retry"] = NO_RETRY
        new = [NewJob(f"test.{kind}", spec or {}, **fields) for _ in range(n)]
        return self.database.write(WROTE, lambda conn: submission.submit(conn, OWNER, new))

    def job(self, id_: int) -> Job:
        return self.database.read(lambda conn: reading.get(conn, id_))

    def attempts(self, id_: int) -> list[Attempt]:
        return self.database.read(lambda conn: reading.attempts_of(conn, id_))

    def done(self, ids: list[int], node: RunningNode | None = None, timeout: float = 60) -> list[Job]:
        """Wait for jobs to end and return them in order."""

        def ended() -> bool:
            return all(job.state in ENDS for job in self.jobs(ids))

        wait_until(ended, timeout=timeout, on_timeout=lambda: (self.jobs(ids), node and node.log()))
        return self.jobs(ids)

    def until(self, id_: int, *states: State) -> None:
        wait_until(lambda: self.job(id_).state in states, on_timeout=lambda: self.job(id_))

    def jobs(self, ids: list[int]) -> list[Job]:
        found = self.database.read(lambda conn: reading.get_many(conn, ids))
        return [found[id_] for id_ in ids]
