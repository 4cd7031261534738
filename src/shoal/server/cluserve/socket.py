"""WebSocket /v1/graphql: many operations, each with as many answers as it has."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Depends
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from shoal.access import Action, Actor
from shoal.base.errors import ShoalError
from shoal.server.cluserve import dialects
from shoal.server.cluserve.answers import Told, of_shoal, refused
from shoal.server.cluserve.dialects import DIALECTS, Dialect
from shoal.server.cluserve.opening import opened
from shoal.server.cluserve.operation import Operation, Refused, read_json
from shoal.server.cluserve.posting import PATH
from shoal.server.draining import Draining
from shoal.server.faces import Face
from shoal.server.rules import Rule, TheDraining, TheHouse

if TYPE_CHECKING:
    from shoal.server.cluserve.carrying import Desk

GREETED_WITHIN = 10.0
ALIVE_EVERY = 15.0
MOST_OPERATIONS = 100
router = APIRouter()
Asker = Annotated[Actor, Depends(Rule(Action.LIVE_READ))]


@router.websocket(PATH)
async def talk(socket: WebSocket, house: TheHouse, actor: Asker, draining: TheDraining) -> None:
    """Talk in the first sub-protocol that both know; refuse who knows none of them."""
    name = next((each for each in socket.scope["subprotocols"] if each in DIALECTS), None)
    if name is None:
        return await socket.close(dialects.UNKNOWN, f"Speak {' or '.join(DIALECTS)}.")
    desk = await opened(house, actor, socket.state.request_id)
    await socket.accept(subprotocol=name)
    await Talk(socket, DIALECTS[name], desk, draining).hold()


class _Over(Exception):
    """Say that a talk ends, with which code and why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Talk:
    """One open socket: the operations that run over it, and the one writer."""

    def __init__(self, socket: WebSocket, dialect: Dialect, desk: Desk, draining: Draining) -> None:
        self._socket = socket
        self._dialect = dialect
        self._desk = desk
        self._draining = draining
        self._running: dict[str, asyncio.Task[None]] = {}
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._greeted = False

    async def hold(self) -> None:
        """Talk until the other side goes, breaks the rules or does not read, or the server stops."""
        stop = asyncio.Event()
        self._draining.join(stop)
        parts = [asyncio.create_task(each) for each in (self._listen(), self._live(), _until(stop))]
        try:
            done, _ = await asyncio.wait([*parts, self._broken], return_when=asyncio.FIRST_COMPLETED)
            await self._close(next((each.exception() for each in done if each.exception()), None))
        finally:
            self._draining.leave(stop)
            self._broken.cancel()
            await _ended([*parts, *self._running.values()])

    async def _listen(self) -> None:
        while True:
            limit = None if self._greeted else GREETED_WITHIN
            try:
                async with asyncio.timeout(limit):
                    text = await self._socket.receive_text()
            except TimeoutError as error:
                raise _Over(dialects.LATE, "Connection initialisation timeout") from error
            except KeyError as error:
                raise _Over(dialects.INVALID, "Messages are text.") from error
            await self._hear(text)

    async def _hear(self, text: str) -> None:
        try:
            message = read_json(text)
        except ShoalError as error:
            raise _Over(dialects.INVALID, error.message[:100]) from error
        if not isinstance(message, dict):
            raise _Over(dialects.INVALID, "A message is a JSON object.")
        match message.get("type"):
            case "connection_init":
                await self._greet()
            case "ping":
                await self._say({"type": "pong"})
            case "pong":
                pass
            case "connection_terminate":
                raise _Over(1000, "Goodbye")
            case self._dialect.begin:
                await self._begin(message)
            case self._dialect.end | "complete":
                await self._end(_id(message))
            case other:
                raise _Over(dialects.INVALID, f"There is no message {str(other)[:40]!r}.")

    async def _greet(self) -> None:
        if self._greeted and self._dialect.strict:
            raise _Over(dialects.TWICE, "Too many initialisation requests")
        self._greeted = True
        await self._say({"type": "connection_ack"})

    async def _begin(self, message: dict[str, Any]) -> None:
        if not self._greeted:
            raise _Over(dialects.UNAUTHORIZED, "Unauthorized: begin with connection_init")
        id_ = _id(message)
        if id_ in self._running:
            raise _Over(dialects.TAKEN, f"Subscriber for {id_[:40]} already exists")
        if len(self._running) >= MOST_OPERATIONS:
            raise _Over(dialects.TRY_LATER, f"At most {MOST_OPERATIONS} operations run over one socket.")
        self._running[id_] = asyncio.create_task(self._run(id_, message.get("payload")))

    async def _end(self, id_: str) -> None:
        if (running := self._running.pop(id_, None)) is not None:
            await _ended([running])
            if not self._dialect.strict:
                await self._say({"type": "complete", "id": id_})

    async def _run(self, id_: str, payload: Any) -> None:
        try:
            await self._carry(id_, payload)
            self._running.pop(id_, None)
        except Exception as error:
            if not self._broken.done():
                self._broken.set_exception(error)

    async def _carry(self, id_: str, payload: Any) -> None:
        try:
            async with aclosing(self._desk.answers(Operation.of(payload))) as answers:
                async for answer in answers:
                    await self._say({"type": self._dialect.carry, "id": id_, "payload": answer})
            await self._say({"type": "complete", "id": id_})
        except Refused as refusal:
            await self._refuse(id_, refusal.told)
        except ShoalError as error:
            await self._refuse(id_, [of_shoal(error)])

    async def _refuse(self, id_: str, told: list[Told]) -> None:
        await self._say({"type": "error", "id": id_, "payload": told if self._dialect.strict else told[0]})

    async def _live(self) -> None:
        """Say from time to time that the server is there, so that no proxy takes the socket for dead."""
        while True:
            await asyncio.sleep(ALIVE_EVERY)
            if self._greeted:
                await self._say({"type": "ping" if self._dialect.strict else "ka"})

    async def _say(self, message: dict[str, Any]) -> None:
        """Send a message; waits for a reader, whom the connection gives up after a while."""
        text = orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()
        await self._socket.send_text(text)

    async def _close(self, error: BaseException | None) -> None:
        if isinstance(error, WebSocketDisconnect) or self._socket.client_state is WebSocketState.DISCONNECTED:
            return
        code, reason = dialects.GOING_AWAY, "The server stops."
        if isinstance(error, _Over):
            code, reason = error.code, error.reason
        elif error is not None:
            raise error
        await self._socket.close(code, reason)


def _id(message: dict[str, Any]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= 200:
        raise _Over(dialects.INVALID, "An operation has an id: text of at most 200 signs.")
    return id_


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task


SOCKET = Face("socket of Cluserve", router, render=refused)
