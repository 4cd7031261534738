"""Collect while the last write is under way, then write all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Outbox(Generic[T]):
    """Send items in batches, one batch at a time; what is added meanwhile makes the next batch."""

    def __init__(
        self, send: Callable[[list[T]], Awaitable[None]], *, pause: float = 0.0, most: int = 512
    ) -> None:
        """Send with `send`; `pause` seconds before each batch give later items the time to join it."""
        self._send = send
        self._pause = pause
        self._most = most
        self._items: list[T] = []
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def add(self, item: T) -> None:
        """Add an item."""
        self._items.append(item)
        self._filled.set()
        self._empty.clear()

    async def serve(self) -> None:
        """Send for ever."""
        while True:
            await self._filled.wait()
            if self._pause:
                await asyncio.sleep(self._pause)
            batch, self._items = self._items[: self._most], self._items[self._most :]
            if not self._items:
                self._filled.clear()
            await self._send(batch)
            if not self._items:
                self._empty.set()

    async def emptied(self) -> None:
        """Wait until everything added so far is sent."""
        await self._empty.wait()
