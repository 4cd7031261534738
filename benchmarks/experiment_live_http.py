"""How many rows a second go into a live task over HTTP, and how quick does a task answer meanwhile?

Rows of 10 numbers, acknowledged when they are on the disk: JSON and Arrow by 10,000, JSON by one. Then
p99 of `GET /api/v1/live/ID` while 50 tasks run and 4 clients push, and 200 tasks at once.
"""

from __future__ import annotations

import io
import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import orjson
import pyarrow as pa

from benchmarks.rounds import options
from benchmarks.served import server

LIVE, DIM, TOGETHER = "/api/v1/live", 10, 10_000
JSON, ARROW = "application/json", "application/vnd.apache.arrow.stream"
TASKS, PUSHERS, MANY, ASKED = 50, 4, 200, 500
TARGETS = {"JSON": (50_000, 200_000), "Arrow": (500_000, 2_000_000)}
RNG = np.random.default_rng(0)


def blobs(rows: int) -> Any:
    """Return rows of three Gaussians."""
    return RNG.normal(RNG.integers(0, 3, (rows, 1)) * 10.0, 1.0, (rows, DIM))


def as_arrow(rows: Any) -> bytes:
    """Return rows as an Arrow stream of one column of vectors."""
    table = pa.table({"row": pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), DIM)})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def made(client: httpx.Client, *, play: bool = False, **pace: Any) -> str:
    """Make a K-Means task that keeps a frame of 1,000 rows."""
    wish = {"algorithm": {"name": "kmeans", "k": 3, "frame_size": 1000}, "pace": pace}
    answer = client.post(LIVE, json=wish, params={"then": "play"} if play else {})
    return str(answer.raise_for_status().json()["id"])


def pushed(client: httpx.Client, task: str, body: bytes, kind: str) -> None:
    """Push a body, and again while the task asks for patience."""
    while True:
        answer = client.post(f"{LIVE}/{task}/rows", content=body, headers={"Content-Type": kind})
        if answer.status_code != 429:
            answer.raise_for_status()
            return
        time.sleep(0.05)


def rate(client: httpx.Client, rows: int, body: bytes, kind: str, seconds: float) -> float:
    """Return the rows a second that one client gets into a task that does not run."""
    task = made(client)
    pushed(client, task, body, kind)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        pushed(client, task, body, kind)
        count += rows
    passed = time.perf_counter() - began
    client.delete(f"{LIVE}/{task}")
    return count / passed


def meanwhile(client: httpx.Client, act: Callable[[httpx.Client], object]) -> tuple[threading.Event, Any]:
    """Do something again and again in a thread of its own, until the event is set."""
    stop = threading.Event()

    def work() -> None:
        with httpx.Client(base_url=client.base_url, timeout=60, trust_env=False) as own:
            while not stop.is_set():
                act(own)

    thread = threading.Thread(target=work)
    thread.start()
    return stop, thread


def asked(client: httpx.Client, tasks: list[str], count: int) -> list[float]:
    """Return the milliseconds of answers that describe tasks."""
    times = []
    for number in range(count):
        began = time.perf_counter()
        client.get(f"{LIVE}/{tasks[number % len(tasks)]}").raise_for_status()
        times.append(1e3 * (time.perf_counter() - began))
    return sorted(times)


def running(client: httpx.Client, count: int) -> list[str]:
    """Make tasks that iterate for ever, and wait until all have found something."""
    tasks = [made(client, play=True, iter_freq=10) for _ in range(count)]
    for task in tasks:
        pushed(client, task, orjson.dumps(blobs(200).tolist()), JSON)
    for task in tasks:
        while client.get(f"{LIVE}/{task}").json()["clusters"] is None:
            time.sleep(0.1)
    return tasks


def ingest(client: httpx.Client, seconds: float) -> None:
    """Print rows a second."""
    rows = blobs(TOGETHER)
    bodies = {
        "JSON": (TOGETHER, orjson.dumps(rows.tolist()), JSON),
        "Arrow": (TOGETHER, as_arrow(rows), ARROW),
        "JSON, one row a request": (1, orjson.dumps(rows[:1].tolist()), JSON),
    }
    for name, (count, body, kind) in bodies.items():
        found = rate(client, count, body, kind, seconds)
        target, aim = TARGETS.get(name, (0, 0))
        word = "aim" if found >= aim > 0 else "target" if found >= target > 0 else "MISSED" if target else "-"
        sys.stdout.write(f"{name:34}{found:>14,.0f} rows/s  target {target:>9,}  aim {aim:>9,}  {word}\n")
        sys.stdout.flush()


def answers(client: httpx.Client) -> None:
    """Print how long answers take while tasks run and rows come."""
    tasks = running(client, TASKS)
    body = as_arrow(blobs(100))
    pushers = [
        meanwhile(client, lambda own, task=task: pushed(own, task, body, ARROW))  # type: ignore[misc]
        for task in tasks[:PUSHERS]
    ]
    times = asked(client, tasks, ASKED)
    for stop, thread in pushers:
        stop.set()
        thread.join()
    words = f"GET task, {TASKS} run, {PUSHERS} push"
    sys.stdout.write(
        f"{words:34}p50 {statistics.median(times):6.1f} ms  p99 {times[int(0.99 * len(times))]:6.1f} ms\n"
    )
    more = running(client, MANY - TASKS)
    times = asked(client, tasks + more, ASKED)
    words = f"GET task, {MANY} run"
    sys.stdout.write(
        f"{words:34}p50 {statistics.median(times):6.1f} ms  p99 {times[int(0.99 * len(times))]:6.1f} ms\n"
    )


def main() -> None:
    """Print rows a second and times of answers."""
    chosen = options(__doc__ or "")
    with server(workers=1, live__task_size=str(8 << 30), live__tasks_per_owner="400") as client:
        ingest(client, 2.0 if chosen.quick else 5.0)
        if not chosen.quick:
            answers(client)


if __name__ == "__main__":
    main()
