"""How fast does the local queue do functions that do nothing, from submission to result?

Ours against huey on SQLite: the same number of worker processes, both durable (synchronous=FULL: what is
acknowledged survives a power cut) or both relaxed. huey is asked as favourably as it allows: it polls, so
every 0.5 ms. "at once" is many tasks together (ours are submitted in one transaction; huey has no such
call), "one by one" waits for each result before the next. Times are wall-clock, for the work is in many
processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module, reload
from pathlib import Path
from typing import Any

from benchmarks.rounds import Table, compare, options
from shoal.base.database import open_database
from shoal.base.faults import fault_point
from shoal.jobs import kinds, waiting
from shoal.jobs.model import NewJob
from shoal.jobs.store import submission
from shoal.jobs.workers.supervisor import Supervisor
from shoal.migrations import upgrade

SUBMIT = fault_point("benchmark.submit", "The benchmark's jobs are submitted.")
WORKERS, ONE_BY_ONE = 2, 50
AT_ONCE = {True: 500, False: 2000}  # durable or not: huey's processes starve each other when they sync
Run = Callable[[int], None]


@contextmanager
def ours(folder: Path, *, durable: bool) -> Iterator[Run]:
    """Yield a function that has n tasks done."""
    kinds.register(kinds.Kind("benchmark.nothing", "benchmarks.queue_ours:nothing"))
    database = open_database(f"sqlite:///{folder / 'shoal.db'}")
    upgrade(database)
    supervisor = Supervisor(database, folder / "files", WORKERS, folder / "logs", preload=())
    supervisor.start()
    job = NewJob("benchmark.nothing", relaxed=not durable)

    def run(n: int) -> None:
        ids = database.submit(
            SUBMIT, lambda conn: submission.submit(conn, "local", [job] * n), relaxed=not durable
        ).result()
        done = waiting.wait(database, ids)
        if any(job.result != {"n": 1} for job in done.values()) or len(done) != n:
            raise AssertionError("a job has no result")

    try:
        yield run
    finally:
        supervisor.stop()
        database.close()


@contextmanager
def huey(folder: Path, *, durable: bool) -> Iterator[Run]:
    """Yield a function that has n tasks done."""
    os.environ |= {"BENCH_HUEY_FILE": str(folder / "huey.db"), "BENCH_HUEY_FSYNC": str(int(durable))}
    queue = reload(import_module("benchmarks.queue_huey"))
    how = ["-k", "process", "-w", str(WORKERS), "-d", "0.0005", "-m", "0.0005", "-b", "1", "-q", "-n", "-C"]
    consumer = subprocess.Popen(
        [sys.executable, "-m", "huey.bin.huey_consumer", *how, "benchmarks.queue_huey.huey"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def run(n: int) -> None:
        results: list[Any] = [queue.nothing() for _ in range(n)]
        for result in results:
            result.get(blocking=True, timeout=120, backoff=1, max_delay=0.0005)

    try:
        yield run
    finally:
        consumer.terminate()
        consumer.wait()


def one_by_one(run: Run) -> None:
    """Have tasks done, each after the other's result."""
    for _ in range(ONE_BY_ONE):
        run(1)


def measure(table: Table, *, durable: bool, rounds: int) -> None:
    """Compare throughput and latency."""
    mode, many = "durable" if durable else "relaxed", AT_ONCE[durable]
    with (
        tempfile.TemporaryDirectory(prefix=".queue-", dir=Path(__file__).parent) as folder,
        ours(Path(folder), durable=durable) as mine,
        huey(Path(folder), durable=durable) as theirs,
    ):
        line = compare(
            f"{mode}, {many} at once",
            lambda: mine(many),
            lambda: theirs(many),
            rounds=rounds,
            target=1,
            aim=3 if durable else 2,
            clock=time.perf_counter,
        )
        table.add(line)
        line = compare(
            f"{mode}, {ONE_BY_ONE} one by one",
            lambda: one_by_one(mine),
            lambda: one_by_one(theirs),
            rounds=rounds,
            note="huey polls every 0.5 ms",
            clock=time.perf_counter,
        )
        table.add(line)


def main() -> None:
    """Print the times, and our ratios to huey's."""
    chosen = options(__doc__ or "")
    table = Table(f"The local queue, {WORKERS} workers, tasks that do nothing", "huey on SQLite")
    for durable in (True, False):
        measure(table, durable=durable, rounds=chosen.rounds)
    if chosen.json:
        table.write("queue")


if __name__ == "__main__":
    main()
