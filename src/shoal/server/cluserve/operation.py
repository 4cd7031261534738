"""What one message asks for, before anything of it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from shoal.server.cluserve.answers import Told
from shoal.server.cluserve.refusals import InvalidRequest


class Refused(Exception):
    """Say that nothing of an operation is carried out, and why."""

    def __init__(self, told: list[Told]) -> None:
        super().__init__(told[0]["message"])
        self.told = told


@dataclass(frozen=True, slots=True)
class Operation:
    """What one message asks for.

    Raises:
        InvalidRequest: the message is not an object with a query, or its parts are of the wrong kinds.
    """

    text: str
    variables: dict[str, Any]
    name: str | None

    @classmethod
    def of(cls, message: Any) -> Operation:
        """Return the operation of a message, as GraphQL clients send it."""
        if not isinstance(message, dict):
            raise InvalidRequest("The body is not a JSON object.", hint='Like {"query": "{ tasks { id } }"}.')
        text, variables = message.get("query"), message.get("variables") or {}
        if not isinstance(text, str) or not text.strip():
            raise InvalidRequest("There is no query.", hint='Like {"query": "{ tasks { id } }"}.')
        if not isinstance(variables, dict):
            raise InvalidRequest("variables is not a JSON object.")
        if not isinstance(name := message.get("operationName"), str | None):
            raise InvalidRequest("operationName is not text.")
        return cls(text, variables, name or None)


def read_json(body: bytes | str) -> object:
    """Return what a body or a message says, whatever its content type; raises InvalidRequest."""
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise InvalidRequest(f"The body is not JSON: {error}.", code="not_json") from error
