"""The two sub-protocols of GraphQL over WebSocket: the same talk in different words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words of one sub-protocol: of messages that begin, carry and end an operation.

    `strict` is what today's clients hold to: one greeting, lists of errors, pings of their own.
    """

    name: str
    begin: str
    carry: str
    end: str
    strict: bool


TODAY = Dialect("graphql-transport-ws", "subscribe", "next", "complete", strict=True)
OLDER = Dialect("graphql-ws", "start", "data", "stop", strict=False)
DIALECTS = {each.name: each for each in (TODAY, OLDER)}
# What clients of today are told when a socket is closed on them.
INVALID, UNAUTHORIZED, LATE, UNKNOWN, TAKEN, TWICE = 4400, 4401, 4408, 4406, 4409, 4429
GOING_AWAY, TRY_LATER = 1001, 1013
