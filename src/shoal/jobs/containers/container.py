"""One container from its creation to its removal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPResponse
from typing import Any, NamedTuple

from shoal.base.errors import Conflict, ShoalError
from shoal.jobs.containers.engine import QUICK, Engine, gone

Tell = Callable[[str], None]


class End(NamedTuple):
    """How a container ended: its exit code, and whether it was killed for its memory."""

    exit_code: int
    out_of_memory: bool


class Container:
    """A container at an engine; every method raises EngineGone when that goes away."""

    def __init__(self, engine: Engine, id_: str) -> None:
        self.id = id_
        self._engine = engine
        self._path = f"/containers/{id_}"

    def put(self, archive: Iterable[bytes]) -> None:
        """Unpack a tar archive at the container's root."""
        self._engine.call("PUT", f"{self._path}/archive", archive, query={"path": "/"})

    @contextmanager
    def archive(self, path: str) -> Iterator[HTTPResponse]:
        """Give a tar archive of a folder in the container; raises NotFound."""
        with self._engine.opened("GET", f"{self._path}/archive", query={"path": path}) as answer:
            yield answer

    @contextmanager
    def output(self) -> Iterator[HTTPResponse]:
        """Give everything that the container will write from now on, in frames; open it before the start."""
        query = {"stream": True, "stdout": True, "stderr": True}
        with self._engine.opened("POST", f"{self._path}/attach", query=query, timeout=None) as answer:
            yield answer

    def start(self) -> None:
        """Start it; raises InvalidInput or NotFound when there is no such program in the image."""
        self._engine.post(f"{self._path}/start")

    def wait(self) -> End:
        """Wait for the end and tell how it was."""
        told = self._engine.call("POST", f"{self._path}/wait", timeout=None)
        if not isinstance(told, dict) or "StatusCode" not in told:
            raise gone(self._engine.path, EOFError("it hung up"))
        state = self._engine.get(f"{self._path}/json")["State"]
        return End(int(told["StatusCode"]), bool(state.get("OOMKilled")))

    def stop(self, grace: float) -> None:
        """Send SIGTERM and, when it still runs after `grace` seconds, SIGKILL; returns when it has ended."""
        query = {"t": max(0, round(grace))}
        self._engine.call("POST", f"{self._path}/stop", query=query, timeout=grace + QUICK)

    def remove(self) -> None:
        """Kill it if it runs, and remove it with its own volumes; gone already is good."""
        with suppress(ShoalError):
            self._engine.call("DELETE", self._path, query={"force": True, "v": True})


@contextmanager
def created(
    engine: Engine, body: Mapping[str, Any], name: str, spare: str, tell: Tell
) -> Iterator[Container]:
    """Create a container and remove it at the end, whatever happens.

    When another container is called `name`, it gets `spare` put behind it, and `tell` hears of that.
    """
    try:
        id_ = _create(engine, body, name)
    except Conflict:
        tell(f"another container is called {name}; this one is {name}-{spare}")
        id_ = _create(engine, body, f"{name}-{spare}")
    container = Container(engine, id_)
    try:
        yield container
    finally:
        container.remove()


def _create(engine: Engine, body: Mapping[str, Any], name: str) -> str:
    return str(engine.post("/containers/create", body, name=name or None)["Id"])
