"""Carrying out one operation, over whatever it came: reading it, answering it, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, cast

from graphql import GraphQLSyntaxError, OperationType
from strawberry.types import ExecutionResult

from shoal.access import Actor
from shoal.base.errors import ShoalError
from shoal.server.cluserve.answers import answer_of, of_shoal
from shoal.server.cluserve.caller import Caller
from shoal.server.cluserve.operation import Operation, Refused
from shoal.server.cluserve.reading import SHORT, Query, with_bulk
from shoal.server.cluserve.refusals import InvalidRequest, RequestTimeout
from shoal.server.cluserve.schema import library, schema
from shoal.server.cluserve.telling import INVALID, of_graphql
from shoal.server.parts import House

Answer = dict[str, Any]
MANY_ANSWERS = InvalidRequest("A subscription has many answers.", hint="Open a WebSocket at this path.")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where operations of one caller are carried out."""

    house: House
    actor: Actor
    request_id: str

    async def answer(self, operation: Operation) -> Answer:
        """Return the answer to a query or mutation; a subscription is refused."""
        seconds = self.house.settings.graphql.timeout
        try:
            async with asyncio.timeout(seconds):
                return await self._answer(operation)
        except TimeoutError:
            return answer_of([of_shoal(RequestTimeout.after(seconds))])

    async def _answer(self, operation: Operation) -> Answer:
        try:
            query = await self._read(operation)
            if query.kind(operation.name) is OperationType.SUBSCRIPTION:
                raise Refused([of_shoal(MANY_ANSWERS)])
        except Refused as refused:
            return answer_of(refused.told)
        return self._told(await schema().execute(operation.text, **self._given(query, operation)))

    async def answers(self, operation: Operation) -> AsyncGenerator[Answer, None]:
        """Give the answers to any operation: of a subscription all, of others the one; raises Refused."""
        query = await self._read(operation)
        async for result in await schema().stream(operation.text, **self._given(query, operation)):
            yield self._told(cast(ExecutionResult, result))  # nothing is delivered in increments

    async def _read(self, operation: Operation) -> Query:
        text = operation.text
        try:
            known = library().remembers(text) or len(text) <= SHORT
            query = library().read(text) if known else await asyncio.to_thread(library().read, text)
            if not query.faults:
                query.kind(operation.name)
        except GraphQLSyntaxError as error:
            raise Refused([of_graphql(error, self.request_id)]) from error
        except ShoalError as error:
            raise Refused([of_shoal(error)]) from error
        if query.faults:
            told = [of_graphql(each, self.request_id, otherwise=INVALID) for each in query.faults]
            raise Refused(told)
        return query

    def _given(self, query: Query, operation: Operation) -> dict[str, Any]:
        return {
            "variable_values": with_bulk(query, operation.variables),
            "context_value": Caller(self.actor, self.house, query),
            "operation_name": operation.name,
        }

    def _told(self, result: ExecutionResult) -> Answer:
        errors = [of_graphql(each, self.request_id) for each in result.errors or ()]
        return answer_of(errors, result.data) if errors else {"data": result.data}
