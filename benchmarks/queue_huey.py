"""The peer of `experiment_queue`: huey on SQLite, set up by the environment so that its consumer finds it."""

from __future__ import annotations

import os

from huey import SqliteHuey

huey = SqliteHuey(
    "bench",
    filename=os.environ.get("BENCH_HUEY_FILE", ":memory:"),
    fsync=os.environ.get("BENCH_HUEY_FSYNC") == "1",
    timeout=120,  # With its default of 5 s, "database is locked" loses tasks in a durable run.
)


@huey.task()  # type: ignore[untyped-decorator, unused-ignore]
def nothing() -> int:
    """Do nothing; huey keeps no result of None."""
    return 1
