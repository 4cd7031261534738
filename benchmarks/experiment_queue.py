"""How fast does the local queue do functions that do nothing, from submission to result?

Ours against huey on SQLite: the same number of worker processes, both durable (synchronous=FULL: what is
acknowledged survives a power cut) and both relaxed. huey is asked as favourably as it allows: it polls, so
every 0.5 ms. Throughput is that of many tasks at once (ours are submitted in one transaction, huey has no
such call); latency is the median of tasks submitted one after the other.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module, reload
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from shoal.base.database import open_database
from shoal.base.faults import fault_point
from shoal.jobs import kinds, submission, waiting
from shoal.jobs.model import NewJob
from shoal.jobs.supervisor import Supervisor
from shoal.migrations import upgrade

SUBMIT = fault_point("benchmark.submit", "The benchmark's jobs are submitted.")
WORKERS, SINGLES, ROUNDS = 2, 50, 5
TASKS = {True: 500, False: 2000}  # durable or not: huey's processes starve each other when they sync
Run = Callable[[int], None]


class Measured(NamedTuple):
    """Tasks a second, and the median seconds of one task alone."""

    throughput: float
    latency: float


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
    queue_huey = reload(import_module("benchmarks.queue_huey"))
    options = [
        "-k",
        "process",
        "-w",
        str(WORKERS),
        "-d",
        "0.0005",
        "-m",
        "0.0005",
        "-b",
        "1",
        "-q",
        "-n",
        "-C",
    ]
    consumer = subprocess.Popen(
        [sys.executable, "-m", "huey.bin.huey_consumer", *options, "benchmarks.queue_huey.huey"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def run(n: int) -> None:
        results: list[Any] = [queue_huey.nothing() for _ in range(n)]
        for result in results:
            result.get(blocking=True, timeout=120, backoff=1, max_delay=0.0005)

    try:
        yield run
    finally:
        consumer.terminate()
        consumer.wait()


def measure(run: Run, tasks: int) -> Measured:
    """Measure throughput and latency once."""
    started = perf_counter()
    run(tasks)
    throughput = tasks / (perf_counter() - started)
    singles = []
    for _ in range(SINGLES):
        started = perf_counter()
        run(1)
        singles.append(perf_counter() - started)
    return Measured(throughput, median(singles))


def compare(folder: Path, *, durable: bool) -> tuple[list[Measured], list[Measured]]:
    """Measure both in turn."""
    with ours(folder, durable=durable) as mine, huey(folder, durable=durable) as theirs:
        mine(100)
        theirs(100)
        rounds = [(measure(mine, TASKS[durable]), measure(theirs, TASKS[durable])) for _ in range(ROUNDS)]
    return [pair[0] for pair in rounds], [pair[1] for pair in rounds]


def main() -> None:
    """Print tasks a second, latency, and our ratios to huey's."""
    for name, durable in (("durable", True), ("relaxed", False)):
        with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path(__file__).parent) as folder:
            mine, theirs = compare(Path(folder), durable=durable)
        rates = median(one.throughput for one in mine), median(one.throughput for one in theirs)
        delays = median(one.latency for one in mine), median(one.latency for one in theirs)
        ratio = median(a.throughput / b.throughput for a, b in zip(mine, theirs, strict=True))
        quicker = median(b.latency / a.latency for a, b in zip(mine, theirs, strict=True))
        print(f"local queue, {name}, {WORKERS} workers, {TASKS[durable]} tasks that do nothing")
        print(f"  tasks a second  ours {rates[0]:8.0f}  huey {rates[1]:8.0f}  ratio {ratio:.2f}")
        print(
            f"  p50 of one, ms  ours {delays[0] * 1e3:8.2f}  huey {delays[1] * 1e3:8.2f}  ratio {quicker:.2f}"
        )


if __name__ == "__main__":
    main()
