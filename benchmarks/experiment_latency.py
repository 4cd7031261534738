"""How long does one task that does nothing take, from submission to result, beside Dramatiq (p50)?

Dramatiq has a RabbitMQ and its results in Redis; ours are relaxed, as its are. One task after the other, so
this is latency and no throughput. Leave it out where the two brokers are not installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from benchmarks import brokers
from benchmarks.experiment_queue import WORKERS, ours
from benchmarks.rounds import Table, compare, options

TASKS = 50


@contextmanager
def dramatiq(folder: Path) -> Iterator[Callable[[], None]]:
    """Yield a function that has one task done by Dramatiq's workers."""
    with brokers.redis(folder) as results, brokers.rabbitmq(folder) as queue:
        os.environ |= {"BENCH_RABBITMQ": queue, "BENCH_REDIS": results}
        actor = import_module("benchmarks.queue_dramatiq").nothing
        how = ["-p", str(WORKERS), "-t", "1", "benchmarks.queue_dramatiq"]
        workers = subprocess.Popen(
            [sys.executable, "-m", "dramatiq", *how], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield lambda: actor.send().get_result(block=True, timeout=30_000)
        finally:
            workers.terminate()
            workers.wait()


def repeated(once: Callable[[], object]) -> Callable[[], None]:
    """Return a function that does something `TASKS` times, one after the other."""

    def run() -> None:
        for _ in range(TASKS):
            once()

    return run


def main() -> None:
    """Print the time of one task, and our ratio to Dramatiq's."""
    chosen = options(__doc__ or "")
    if not brokers.present():
        sys.stdout.write("latency: not measured; it needs rabbitmq-server and redis-server\n")
        return
    table = Table(f"{TASKS} tasks that do nothing, one by one, {WORKERS} workers", "Dramatiq on RabbitMQ")
    with (
        tempfile.TemporaryDirectory(prefix=".latency-", dir=Path(__file__).parent) as folder,
        ours(Path(folder), durable=False) as mine,
        dramatiq(Path(folder)) as theirs,
    ):
        line = compare(
            "relaxed, one by one",
            repeated(lambda: mine(1)),
            repeated(theirs),
            rounds=chosen.rounds,
            target=1,
            aim=2,
            clock=time.perf_counter,
        )
        table.add(line)
    if chosen.json:
        table.write("latency")


if __name__ == "__main__":
    main()
