"""Numbers about this server in the Prometheus text format."""

from __future__ import annotations

import time
from collections import Counter as Counts
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoal.jobs.store import reading
from shoal.server.parts import House

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
registry = CollectorRegistry()
LIVE = {
    "rows": "Rows that the logs of live tasks have had.",
    "bytes": "Bytes that the logs of live tasks keep.",
    "rows_waiting": "Rows that running tasks have not read yet.",
    "hosts": "Processes that follow live tasks.",
}
INFRA = {"infrastructures": "phase", "machines": "state"}
REQUESTS = Counter(
    "shoal_http_requests_total", "Requests answered.", ["method", "route", "status"], registry=registry
)
SECONDS = Histogram(
    "shoal_http_request_seconds", "Time until the answer's first byte.", ["route"], registry=registry
)


class Measured:
    """Count each request and its time under its route's declared path, so that labels stay few."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began = time.perf_counter()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                method = scope["method"] if route != "none" else "any"
                REQUESTS.labels(method, route, message["status"]).inc()
                SECONDS.labels(route).observe(time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, measured)


class _State(Collector):
    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("shoal_jobs", "Jobs by state.", labels=["state"])
        for state, number in self._house.database.read(reading.counts).items():
            jobs.add_metric([state], number)
        yield jobs
        if self._house.supervisor is not None:
            workers = GaugeMetricFamily("shoal_workers", "Worker processes by state.", labels=["state"])
            found = Counts(worker.state for worker in self._house.supervisor.status().workers)
            for name in ("starting", "idle", "busy", "ending"):
                workers.add_metric([name], found[name])
            yield workers
        yield from self._live()
        yield from self._infra()

    def _live(self) -> Iterator[Metric]:
        found = self._house.live.metrics()
        tasks = GaugeMetricFamily("shoal_live_tasks", "Live tasks by state.", labels=["state"])
        for name, number in found.items():
            if name.startswith("tasks_"):
                tasks.add_metric([name.removeprefix("tasks_")], number)
        yield tasks
        for name, told in LIVE.items():
            yield GaugeMetricFamily(f"shoal_live_{name}", told, value=found[name])

    def _infra(self) -> Iterator[Metric]:
        for what, found in self._house.infra.metrics().items():
            label = INFRA[what]
            told = GaugeMetricFamily(f"shoal_infra_{what}", f"{what.title()} by {label}.", labels=[label])
            for name, number in found.items():
                told.add_metric([name], number)
            yield told


def exposition(house: House) -> bytes:
    """Return all numbers; reads the database."""
    state = CollectorRegistry()
    state.register(_State(house))
    return generate_latest(registry) + generate_latest(state)
