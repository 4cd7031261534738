"""A database, workers and short ways to run programs and functions as jobs, for tests."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoal.base.database import Database, open_database
from shoal.base.faults import fault_point
from shoal.jobs import logs
from shoal.jobs.model import Attempt, Job, NewJob, Retry
from shoal.jobs.runners import kinds
from shoal.jobs.sandbox import landlock, leftovers
from shoal.jobs.sandbox.terms import Terms
from shoal.jobs.store import cancelling, reading, submission
from shoal.storage.files import FileStorage
from tests.support.house import OWNER, SUBMIT, House
from tests.support.waiting import wait_until

CANCEL = fault_point("tests.cancel_program", "A test cancels a program.")
ONCE = Retry(max_attempts=1)


@dataclass(frozen=True)
class Ran:
    """A job that ended, its last attempt, and the log of that."""

    job: Job
    attempt: Attempt
    log: bytes

    @property
    def error(self) -> dict[str, Any]:
        return self.job.error or {}

    @property
    def facts(self) -> dict[str, Any]:
        return self.attempt.facts or {}


class Programs(House):
    """Workers that run programs in the sandbox of a mode; the home is `root/home`."""

    def __init__(self, database: Database, root: Path, workers: int = 1, **terms: Any) -> None:
        kinds.register_kinds()
        self.home = root / "home"
        self.root = root
        self.nest = root / "nest"
        self.terms = Terms(nest=str(self.nest), hidden=(str(self.home),), **terms)
        super().__init__(
            database, self.home, workers, terms=self.terms.plain(), heartbeat=0.1, cancel_grace=1.0
        )
        self.storage = FileStorage(self.home / "files")

    def hand_in(self, kind: str, spec: Mapping[str, Any], **job: Any) -> int:
        new = NewJob(kind, spec, **({"retry": ONCE} | job))
        return self.database.write(SUBMIT, lambda conn: submission.submit(conn, OWNER, [new]))[0]

    def end_of(self, id_: int) -> Ran:
        job = self.done([id_])[0]
        attempt = self.database.read(lambda conn: reading.attempts_of(conn, id_))[-1]
        content = logs.read(self.logs, attempt.log, 0, 64 << 20).content if attempt.log else b""
        return Ran(job, attempt, content)

    def ran(self, kind: str, job: Mapping[str, Any] | None = None, **spec: Any) -> Ran:
        return self.end_of(self.hand_in(kind, spec, **(job or {})))

    def command(self, *cmd: object, job: Mapping[str, Any] | None = None, **spec: Any) -> Ran:
        return self.ran("command", job, cmd=[str(word) for word in cmd], **spec)

    def shell(self, script: str, job: Mapping[str, Any] | None = None, **spec: Any) -> Ran:
        return self.command("sh", "-c", script, job=job, **spec)

    def cancel(self, id_: int) -> None:
        self.database.write(CANCEL, lambda conn: cancelling.cancel(conn, [id_]))

    @contextmanager
    def lasting(self, script: str) -> Iterator[Path]:
        """Run a shell script that does not end by itself; gives its folder once it has made `ready` there."""
        id_ = self.hand_in("command", {"cmd": ["sh", "-c", script], "kill_grace": 0.0})
        wait_until(lambda: list(self.nest.glob(f"*/{id_}-*/ready")))
        (folder,) = self.nest.glob(f"*/{id_}-*")
        try:
            yield folder
        finally:
            self.cancel(id_)
            self.done([id_])

    def artifact(self, ran: Ran, name: str) -> bytes:
        (key,) = [each["key"] for each in ran.facts["artifacts"] if each["name"] == name]
        with self.storage.open(key) as file:
            return file.read()


# It ignores every signal that can be ignored, has left its session and its parents, and closed its output.
STUBBORN = """
trap '' TERM HUP INT
(setsid sh -c 'trap "" TERM HUP INT; exec <&- >&- 2>&-; touch ready; sleep 1000; sleep 1000' &)
sleep 1000; sleep 1000
"""


@contextmanager
def running_programs(template: Path, workers: int = 1, **terms: Any) -> Iterator[Programs]:
    """Run workers with an empty SQLite database in the home while the block runs."""
    # Not pytest's folder, which is closed to the users that programs run as.
    with tempfile.TemporaryDirectory(prefix="shoal-programs-") as folder:
        root = Path(folder)
        root.chmod(0o711)
        home = root / "home"
        # Laxer than a real one where something else than its mode can hide it.
        home.mkdir(mode=0o755 if landlock.version() else 0o700)
        shutil.copy(template, home / "shoal.db")
        database = open_database(f"sqlite:///{home / 'shoal.db'}")
        programs = Programs(database, root, workers, **terms)
        try:
            programs.supervisor.start()
            yield programs
        finally:
            programs.supervisor.stop()
            database.close()
            wait_until(lambda: not leftovers.processes(programs.nest))


if __name__ == "__main__":
    with running_programs(Path(sys.argv[1]), sandbox=sys.argv[2]) as own, own.lasting(STUBBORN) as place:
        print(place, flush=True)
        signal.pause()
