"""How quick is the server while jobs run: 200 jobs of one group, at most 4 at once, and people look on.

The jobs are short commands in the sandbox. Meanwhile pages and API are asked in turn.
"""

from __future__ import annotations

import statistics
import sys
import time

import httpx

from benchmarks.rounds import options
from benchmarks.served import server, submit, wait

JOBS, AT_ONCE, WORKERS, LIMIT = 200, 4, 4, 100.0
PAGES = ("/app", "/app/jobs", "/app/queue", "/app/scripts")
API = ("/api/v1/jobs?limit=50", "/api/v1/jobs/{job}", "/api/v1/jobs/{job}/log", "/metrics", "/info")


def asked(client: httpx.Client, path: str) -> float:
    """Return the milliseconds that an answer took; raises HTTPStatusError."""
    accept = "text/html" if path.startswith("/app") else "application/json"
    started = time.perf_counter()
    client.get(path, headers={"Accept": accept}).raise_for_status()
    return 1e3 * (time.perf_counter() - started)


def p95(times: list[float]) -> float:
    """Return the time that 19 of 20 stay below."""
    return sorted(times)[int(0.95 * len(times))]


def main() -> None:
    """Print p50 and p95 of each path."""
    options(__doc__ or "")
    with server(workers=WORKERS) as client:
        warm = submit(client, {"runner": "command", "cmd": ["true"]})
        wait(client, warm)
        request = {"runner": "command", "cmd": ["sleep", "0.2"], "array": f"1-{JOBS}%{AT_ONCE}"}
        ids = submit(client, request)
        paths = [path.format(job=warm[0]) for path in (*PAGES, *API)]
        times: dict[str, list[float]] = {path: [] for path in paths}
        while client.get(f"/api/v1/jobs/{ids[0]}").json()["state"] not in {"succeeded", "failed"}:
            for path in paths:
                times[path].append(asked(client, path))
        wait(client, ids[:1])
    every = [each for path in paths for each in times[path][1:]]
    sys.stdout.write(f"Requests while {JOBS} jobs run, {AT_ONCE} at once (p95 below {LIMIT:g} ms)\n")
    for path in paths:
        own = times[path][1:]
        sys.stdout.write(
            f"{path:34}p50 {statistics.median(own):6.1f} ms  p95 {p95(own):6.1f} ms  n {len(own)}\n"
        )
    word = "target" if p95(every) < LIMIT else "MISSED"
    sys.stdout.write(f"{'all':34}p50 {statistics.median(every):6.1f} ms  p95 {p95(every):6.1f} ms  {word}\n")


if __name__ == "__main__":
    main()
