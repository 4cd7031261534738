"""How much does a batch save: 10,000 runs of `echo` as one job, beside as many jobs?

The jobs are the elements of one array, submitted in one request; a tenth of them is run, and their time is
taken ten times. Both go through the server, its workers and their sandbox.
"""

from __future__ import annotations

import time

from benchmarks.rounds import Table, compare, options
from benchmarks.served import server, submit, wait

RUNS, WORKERS = 10_000, 2
SHARE = 10
TARGET = 20.0
ECHO = ["echo", "run {{.}}.cfg"]


def main() -> None:
    """Print the times and the ratio."""
    chosen = options(__doc__ or "")
    runs = RUNS // 10 if chosen.quick else RUNS
    table = Table(
        f"{runs:,} runs of echo as one batch, {WORKERS} workers", "as many jobs, from a tenth of them"
    )
    with server(workers=WORKERS) as client:

        def batch() -> None:
            wait(client, submit(client, {"runner": "batch", "cmd": ECHO, "start": 1, "stop": runs}))

        def jobs() -> float:
            started = time.perf_counter()
            array = f"1-{runs // SHARE}"
            wait(client, submit(client, {"runner": "command", "cmd": ECHO, "array": array})[:1])
            return time.perf_counter() - started

        line = compare(
            f"batch of {runs:,}", batch, jobs, rounds=min(3, chosen.rounds), target=TARGET / SHARE,
            clock=time.perf_counter, note=f"ratio to a tenth of the jobs: times {SHARE}",
        )  # fmt: skip
        table.add(line)
        print(f"one batch is {line.ratio * SHARE:.0f} times as fast as {runs:,} jobs (target {TARGET:g})")
    if chosen.json:
        table.write("batch")


if __name__ == "__main__":
    main()
