"""Carrying operations out in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from shoal.base.errors import ShoalError
from shoal.client.calls import Ask, Call, Item, Items, Listen, Pause, Wish
from shoal.client.errors import error_of, unreachable
from shoal.client.sending import (
    PIECE,
    headers_for,
    in_thread,
    is_here,
    pieces_of,
    place_of,
    request_of,
    trusted,
)

T = TypeVar("T")


class AsyncDriver:
    """Drive operations over kept-alive connections; for the tasks of one event loop."""

    def __init__(self, url: str, token: str | None, ca: Path | None = None) -> None:
        self.url = url.rstrip("/")
        self.here = is_here(self.url)
        address, socket = place_of(self.url)
        self._http = httpx.AsyncClient(
            base_url=address,
            headers=headers_for(token),
            verify=trusted(ca),
            transport=httpx.AsyncHTTPTransport(uds=socket) if socket else None,
            trust_env=False,
        )

    async def run(self, call: Call[T]) -> T:
        """Return what an operation returns; raises what `Driver.run` raises."""
        async with _Stream() as stream:
            step: Any = call.send
            value: Any = None
            while True:
                try:
                    wish = step(value)
                except StopIteration as end:
                    result: T = end.value
                    return result
                step, value = await self._answered(call, wish, stream)

    async def each(self, call: Items[T]) -> AsyncIterator[T]:
        """Yield what an operation gives; raises what `run` raises."""
        async with _Stream() as stream:
            step: Any = call.send
            value: Any = None
            while True:
                try:
                    wish = step(value)
                except StopIteration:
                    return
                if isinstance(wish, Item):
                    yield wish.value
                    step, value = call.send, None
                else:
                    step, value = await self._answered(call, wish, stream)

    async def download(self, ask: Ask) -> AsyncIterator[bytes]:
        """Yield the body of an answer in pieces; raises what `run` raises."""
        try:
            async with self._opened(ask) as response:
                async for piece in response.aiter_bytes(PIECE):
                    yield piece
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _answered(self, call: Any, wish: Wish, stream: _Stream) -> tuple[Any, Any]:
        try:
            return call.send, await self._fulfilled(wish, stream)
        except ShoalError as error:
            return call.throw, error
        except httpx.HTTPError as error:
            return call.throw, unreachable(self.url, error)

    async def _fulfilled(self, wish: Wish, stream: _Stream) -> Any:
        if isinstance(wish, Pause):
            return await asyncio.sleep(wish.seconds)
        if isinstance(wish, Listen):
            return await stream.listen(self._opened(wish.ask))
        return await self._send(wish) if isinstance(wish, Ask) else await stream.line()

    async def _send(self, ask: Ask) -> httpx.Response:
        response = await self._http.request(**request_of(ask, _body(ask)))
        if response.is_error:
            raise error_of(response)
        return response

    @asynccontextmanager
    async def _opened(self, ask: Ask) -> AsyncIterator[httpx.Response]:
        async with self._http.stream(**request_of(ask, _body(ask))) as response:
            if response.is_error:
                await response.aread()
                raise error_of(response)
            yield response


class _Stream(AsyncExitStack):
    """The endless answer that an operation listens to, closed with the operation."""

    _lines: Any = None

    async def listen(self, opened: AbstractAsyncContextManager[httpx.Response]) -> None:
        """Read from another one."""
        await self.aclose()
        response = await self.enter_async_context(opened)
        self._lines = await self.enter_async_context(aclosing(response.aiter_lines()))

    async def line(self) -> str | None:
        """Return the next line, None at the end."""
        line: str | None = await anext(self._lines, None)
        return line


def _body(ask: Ask) -> AsyncIterator[bytes] | None:
    return None if ask.upload is None else in_thread(pieces_of(ask))
