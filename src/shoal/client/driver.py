"""Sending operations to a server, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TypeVar

import httpx
import orjson

from shoal.base.errors import InvalidInput
from shoal.client.calls import Ask, Call
from shoal.client.errors import error_of, unreachable

T = TypeVar("T")
CONNECT_SECONDS = 10.0
PIECE = 1 << 20


class Driver:
    """Drive operations over kept-alive connections; may be used by several threads."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        scheme, _, socket = self.url.partition(":")
        unix = scheme == "unix"
        # Proxies of the environment are not for a server on this machine.
        self._http = httpx.Client(
            base_url="http://localhost" if unix else self.url,
            headers=headers,
            transport=httpx.HTTPTransport(uds=socket) if unix else None,
            trust_env=False,
        )

    def run(self, call: Call[T]) -> T:
        """Return what an operation returns.

        Raises:
            ShoalError: what the server says, as the error it was there.
            Unavailable: nothing answers.
        """
        ask = next(call)
        while True:
            try:
                ask = call.send(self._send(ask))
            except StopIteration as end:
                result: T = end.value
                return result

    def download(self, ask: Ask) -> Iterator[bytes]:
        """Yield the body of an answer in pieces; raises what `run` raises."""
        timeout = httpx.Timeout(ask.patience, connect=CONNECT_SECONDS)
        try:
            with (
                _opened(ask) as file,
                self._http.stream(
                    ask.method, ask.path, params=ask.given, content=file, timeout=timeout
                ) as response,
            ):
                if response.is_error:
                    response.read()
                    raise error_of(response)
                yield from response.iter_bytes(PIECE)
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error

    @contextmanager
    def stream(self, ask: Ask) -> Iterator[Iterator[str]]:
        """Open an endless answer and yield its lines."""
        timeout = httpx.Timeout(ask.patience, connect=CONNECT_SECONDS)
        try:
            with self._http.stream(ask.method, ask.path, params=ask.given, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                    raise error_of(response)
                yield response.iter_lines()
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, ask: Ask) -> httpx.Response:
        timeout = httpx.Timeout(ask.patience, connect=CONNECT_SECONDS)
        headers = {"Content-Type": "application/json" if ask.upload is None else "application/octet-stream"}
        body = orjson.dumps(ask.json) if ask.json is not None else None
        try:
            with _opened(ask) as file:
                response = self._http.request(
                    ask.method,
                    ask.path,
                    params=ask.given,
                    content=file or body,
                    headers=headers,
                    timeout=timeout,
                )
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error
        if response.is_error:
            raise error_of(response)
        return response


@contextmanager
def _opened(ask: Ask) -> Iterator[IO[bytes] | None]:
    if ask.upload is None:
        yield None
        return
    try:
        file = ask.upload.open("rb")
    except OSError as error:
        raise InvalidInput(f"{ask.upload}: {error.strerror}.", code="no_such_file") from error
    with file:
        yield file
