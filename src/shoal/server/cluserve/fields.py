"""Declaring fields of the schema: each of the roots with the action that it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, cast

import strawberry
from strawberry.extensions import FieldExtension

from shoal.access import Action, require
from shoal.server.cluserve.caller import Asked

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


class Declaring(Protocol):
    """A decorator that leaves the type of what it declares."""

    def __call__(self, resolver: Resolver, /) -> Resolver:
        """Declare a resolver."""


class Ruled(FieldExtension):
    """Let a root field be asked for by whom the action is allowed."""

    def __init__(self, action: Action) -> None:
        self.action = action

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Asked, **arguments: Any
    ) -> Any:
        """Decide, then resolve."""
        require(info.context.actor, self.action)
        return await next_(source, info, **arguments)


def root(action: Action, about: str, *, name: str | None = None) -> Declaring:
    """Declare a query or a mutation; one that acts on a certain task asks again when it has found it."""
    return cast(Declaring, strawberry.field(name=name, description=about, extensions=[Ruled(action)]))


def part(about: str) -> Declaring:
    """Declare a field of a thing that somebody may see."""
    return cast(Declaring, strawberry.field(description=about))


def followed(about: str) -> Declaring:
    """Declare a subscription."""
    return cast(Declaring, strawberry.subscription(description=about))
