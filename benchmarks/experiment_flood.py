"""How long does a submission take while the queue is flooded: 20,000 tasks that do nothing, 4 workers?

Four threads submit as fast as they are answered, each task in a transaction of its own; the workers do
them meanwhile. Durable: an answer means that the task survives a power cut.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.experiment_queue import SUBMIT
from benchmarks.rounds import options
from shoal.base.database import Database, open_database
from shoal.jobs import kinds, waiting
from shoal.jobs.model import NewJob
from shoal.jobs.store import submission
from shoal.jobs.workers.supervisor import Supervisor
from shoal.migrations import upgrade

TASKS, QUICK, WORKERS, SENDERS, LIMIT = 20_000, 2_000, 4, 4, 50.0


@contextmanager
def queue(folder: Path) -> Iterator[Database]:
    """Yield a database whose jobs are done by four workers."""
    kinds.register(kinds.Kind("benchmark.nothing", "benchmarks.queue_ours:nothing"))
    database = open_database(f"sqlite:///{folder / 'shoal.db'}")
    upgrade(database)
    supervisor = Supervisor(database, folder / "files", WORKERS, folder / "logs", preload=())
    supervisor.start()
    try:
        yield database
    finally:
        supervisor.stop()
        database.close()


def send(database: Database, n: int, relaxed: bool) -> list[tuple[int, float]]:
    """Submit n tasks, one after the other; return their ids and the milliseconds that each answer took."""
    sent, job = [], [NewJob("benchmark.nothing", relaxed=relaxed)]
    for _ in range(n):
        started = time.perf_counter()
        work = database.submit(SUBMIT, lambda conn: submission.submit(conn, "local", job), relaxed=relaxed)
        sent.append((work.result()[0], 1e3 * (time.perf_counter() - started)))
    return sent


def flood(folder: Path, tasks: int, *, durable: bool) -> str:
    """Return a line that tells how it went."""
    with queue(folder) as database, ThreadPoolExecutor(SENDERS) as senders:
        database.read(lambda conn: None)
        started = time.perf_counter()
        parts = list(senders.map(lambda n: send(database, n, not durable), [tasks // SENDERS] * SENDERS))
        submitted = time.perf_counter() - started
        ids = [id_ for part in parts for id_, _ in part]
        done = waiting.wait(database, ids)
        ended = time.perf_counter() - started
    if len(done) != tasks or any(job.result != {"n": 1} for job in done.values()):
        raise AssertionError("a task was lost")
    times = sorted(took for part in parts for _, took in part)
    p50, p99 = statistics.median(times), times[int(0.99 * len(times))]
    word = "target" if p99 < LIMIT else "MISSED"
    return (
        f"{'durable' if durable else 'relaxed':10}{tasks:>8,}{p50:>10.2f}{p99:>10.2f}{times[-1]:>10.1f}"
        f"{tasks / submitted:>12,.0f}{tasks / ended:>10,.0f}  {word}"
    )


def main() -> None:
    """Print how long submissions took."""
    chosen = options(__doc__ or "")
    sys.stdout.write(
        f"A flood of tasks that do nothing, {WORKERS} workers, {SENDERS} senders (p99 below {LIMIT:g} ms)\n"
        f"{'':10}{'tasks':>8}{'p50 ms':>10}{'p99 ms':>10}{'worst':>10}{'submits/s':>12}{'done/s':>10}\n"
    )
    for durable in (True, False):
        with tempfile.TemporaryDirectory(prefix=".flood-", dir=Path(__file__).parent) as folder:
            line = flood(Path(folder), QUICK if chosen.quick else TASKS, durable=durable)
            sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
