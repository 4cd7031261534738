"""The Docker Engine API over a socket, as Docker and podman both speak it.

Written on `http.client`: of httpx we would need none of the pools and it takes six times as long to import,
and an SDK would bring a third client for the eleven requests that there are.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from shoal.base.errors import Conflict, InvalidInput, NotFound, ShoalError, Unavailable

VERSION = "v1.40"  # Docker 19.03 and podman 3 and everything after them
QUICK = 120.0  # seconds in which an engine under load answers anything that does not wait for a container
TCP = "tcp://"
Query = Mapping[str, Any]


class EngineGone(Unavailable):
    """Say that no engine answers, or not any more; trying again may help."""

    code = "engine_gone"


class EngineRefused(Unavailable):
    """Say that the engine could not do what was asked, in its own words."""

    code = "engine_refused"


class Engine:
    """Speak with the engine behind one socket; a connection for each request, so threads may share it.

    `path` is that of a Unix socket, or `tcp://HOST:PORT` of an engine in a network that is trusted.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def get(self, path: str, **query: Any) -> Any:
        """Return what a GET answers; raises EngineGone, NotFound, EngineRefused."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """Return what a POST answers; raises what `call` raises."""
        return self.call("POST", path, body, query=query)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Query | None = None,
        timeout: float | None = QUICK,
    ) -> Any:
        """Send a request and return the JSON that it answers, None when it answers nothing.

        Raises:
            EngineGone: nothing answers at the socket, or no longer.
            NotFound, Conflict, InvalidInput, EngineRefused: the engine says no.
        """
        with self.opened(method, path, body, query=query, timeout=timeout) as answer:
            content = answer.read()
        return orjson.loads(content) if content else None

    @contextmanager
    def opened(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Query | None = None,
        timeout: float | None = QUICK,
    ) -> Iterator[HTTPResponse]:
        """Send a request and give its answer to read from; bytes and iterables of bytes go as they are."""
        with self._sent(method, f"/{self._version}{_target(path, query)}", body, timeout) as answer:
            yield answer

    @cached_property
    def _version(self) -> str:
        """Return the version of the protocol to speak: ours, or the least that a newer engine takes."""
        with self._sent("GET", "/version", None, QUICK) as answer:
            least = str(orjson.loads(answer.read()).get("MinAPIVersion") or VERSION)
        return max(VERSION, f"v{least.removeprefix('v')}", key=_numbers)

    @contextmanager
    def _sent(self, method: str, target: str, body: Any, timeout: float | None) -> Iterator[HTTPResponse]:
        with closing(_Connection(self.path, timeout)) as connection:
            try:
                connection.connect()
            except OSError as error:
                raise gone(self.path, error) from error
            content, headers = _encoded(body)
            try:
                connection.request(method, target, content, headers)
                answer = connection.getresponse()
                if answer.status >= 400:
                    raise _refusal(answer.status, answer.read())
                yield answer
            except (ConnectionError, TimeoutError, HTTPException) as error:
                raise gone(self.path, error) from error


class _Connection(HTTPConnection):
    def __init__(self, path: str, timeout: float | None) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        if self._path.startswith(TCP):
            place = urlsplit(self._path)
            self.sock = socket.create_connection((place.hostname, place.port or 2375), self.timeout)
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def gone(path: str, error: Exception) -> EngineGone:
    """Return the error for a socket behind which nobody answers."""
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    hint = "Start it again; attempts that it cost are repeated."
    if isinstance(error, FileNotFoundError):
        hint = "Install Docker or podman and start it, or name the place where one is."
    if isinstance(error, PermissionError):
        hint = "Let the user who runs the workers use it: often that is the group docker."
    return EngineGone(f"The container engine at {path} does not answer: {why}.", hint=hint)


def _encoded(body: Any) -> tuple[bytes | Iterable[bytes] | None, dict[str, str]]:
    if body is None:
        return None, {}
    if isinstance(body, Mapping):
        return orjson.dumps(body), {"Content-Type": "application/json"}
    return body, {"Content-Type": "application/x-tar"}


def _target(path: str, query: Query | None) -> str:
    said = {name: _written(value) for name, value in (query or {}).items() if value is not None}
    return path + (f"?{urlencode(said)}" if said else "")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.removeprefix("v").split(".") if number.isdecimal()]


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return orjson.dumps(value).decode()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refusal(status: int, content: bytes) -> ShoalError:
    kind: type[ShoalError] = {400: InvalidInput, 404: NotFound, 409: Conflict}.get(status, EngineRefused)
    return kind(f"The container engine says: {_words(content)}", code="engine_refused")


def _words(content: bytes) -> str:
    try:
        words = str(orjson.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        words = content.decode(errors="replace")
    words = " ".join(words.split())[:1000] or "nothing"
    return words if words.endswith(".") else f"{words}."
