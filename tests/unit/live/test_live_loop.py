"""What the office has to do is done although it fails at first, and ends with the office."""

from __future__ import annotations

import asyncio

import pytest

from shoal.base.errors import Unavailable
from shoal.live.office.loop import OwnLoop, Ready


def a_loop() -> OwnLoop:
    async def main(ready: Ready) -> None:
        ready()
        await loop.over.wait()
        await loop.cancel()

    loop = OwnLoop(main)
    loop.start()
    return loop


def test_what_fails_is_tried_until_it_is_done() -> None:
    loop = a_loop()
    tries: list[int] = []

    async def record() -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            raise Unavailable("The database is away.")

    loop.call(loop.surely(record, 0.01)).result(10)
    assert tries == [0, 1, 2]
    loop.close()


def test_one_that_could_not_begin_may_begin_later() -> None:
    away = [True]

    async def main(ready: Ready) -> None:
        if away.pop():
            away.append(False)
            raise Unavailable("The database is away.")
        ready()
        await loop.over.wait()

    loop = OwnLoop(main)
    with pytest.raises(Unavailable):
        loop.start()
    loop.start()
    assert loop.started
    loop.close()


def test_what_never_succeeds_does_not_keep_the_office_from_ending() -> None:
    loop = a_loop()
    tried = asyncio.Event()

    async def record() -> None:
        tried.set()
        raise Unavailable("The database is away.")

    async def begin() -> None:
        loop.spawn(loop.surely(record, 60.0))
        await tried.wait()

    loop.call(begin()).result(10)
    loop.close()
