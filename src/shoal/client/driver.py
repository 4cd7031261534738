"""Carrying operations out one after another, blocking."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from shoal.base.errors import ShoalError
from shoal.client.calls import Ask, Call, Item, Items, Listen, Pause, Wish
from shoal.client.errors import error_of, unreachable
from shoal.client.sending import PIECE, headers_for, is_here, pieces_of, place_of, request_of, trusted

T = TypeVar("T")


class Driver:
    """Drive operations over kept-alive connections; may be used by several threads."""

    def __init__(self, url: str, token: str | None, ca: Path | None = None) -> None:
        self.url = url.rstrip("/")
        self.here = is_here(self.url)
        address, socket = place_of(self.url)
        # Proxies of the environment are not for a server on this machine.
        self._http = httpx.Client(
            base_url=address,
            headers=headers_for(token),
            verify=trusted(ca),
            transport=httpx.HTTPTransport(uds=socket) if socket else None,
            trust_env=False,
        )

    def run(self, call: Call[T]) -> T:
        """Return what an operation returns.

        Raises:
            ShoalError: what the server says, as the error it was there.
            Unavailable: nothing answers.
        """
        steps = self._steps(call)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: T = end.value
                return result

    def each(self, call: Items[T]) -> Iterator[T]:
        """Yield what an operation gives; raises what `run` raises."""
        yield from self._steps(call)

    def download(self, ask: Ask) -> Iterator[bytes]:
        """Yield the body of an answer in pieces; raises what `run` raises."""
        try:
            with self._opened(ask) as response:
                yield from response.iter_bytes(PIECE)
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _steps(self, call: Any) -> Generator[Any, None, Any]:
        with _Stream() as stream:
            step, value = call.send, None
            while True:
                try:
                    wish = step(value)
                except StopIteration as end:
                    return end.value
                if isinstance(wish, Item):
                    yield wish.value
                    step, value = call.send, None
                else:
                    step, value = self._answered(call, wish, stream)

    def _answered(self, call: Any, wish: Wish, stream: _Stream) -> tuple[Any, Any]:
        """Return how the operation goes on: by `send` with an answer, or by `throw` with an error."""
        try:
            return call.send, self._fulfilled(wish, stream)
        except ShoalError as error:
            return call.throw, error
        except httpx.HTTPError as error:
            return call.throw, unreachable(self.url, error)

    def _fulfilled(self, wish: Wish, stream: _Stream) -> Any:
        if isinstance(wish, Pause):
            return time.sleep(wish.seconds)
        if isinstance(wish, Listen):
            return stream.listen(self._opened(wish.ask))
        return self._send(wish) if isinstance(wish, Ask) else next(stream.lines, None)

    def _send(self, ask: Ask) -> httpx.Response:
        response = self._http.request(**request_of(ask, pieces_of(ask)))
        if response.is_error:
            raise error_of(response)
        return response

    @contextmanager
    def _opened(self, ask: Ask) -> Iterator[httpx.Response]:
        with self._http.stream(**request_of(ask, pieces_of(ask))) as response:
            if response.is_error:
                response.read()
                raise error_of(response)
            yield response


class _Stream(ExitStack):
    """The endless answer that an operation listens to, closed with the operation."""

    lines: Iterator[str] = iter(())

    def listen(self, opened: AbstractContextManager[httpx.Response]) -> None:
        """Read from another one."""
        self.close()
        self.lines = self.enter_context(opened).iter_lines()
