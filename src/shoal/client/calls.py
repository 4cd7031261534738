"""Operations as generators: each is written once, and a driver carries it out, blocking or awaiting.

An operation yields wishes and is sent their answers: an `Ask` is answered by the response, a `Pause` when it
is over. One that gives many things yields each as an `Item`, and one that listens to an endless answer opens
it with `Listen` and then asks for a `LINE` at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request below the server's address; parameters that are None are left out.

    `upload` is a file that is sent as the body, or of it the `part` (first byte, number of bytes); `content`
    are the bytes of a body, whose kind stands in the headers.
    `patience` is how many seconds the answer may take.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    upload: Path | None = None
    part: tuple[int, int] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    patience: float = 60.0

    @property
    def given(self) -> dict[str, Any]:
        """Return the parameters that have a value."""
        return {name: _text(value) for name, value in self.params.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One of many things that an operation gives."""

    value: T


@dataclass(frozen=True, slots=True)
class Listen:
    """Open an endless answer, in place of the one that is open."""

    ask: Ask


@dataclass(frozen=True, slots=True)
class Line:
    """Ask for the next line of the answer that is open; None at its end."""


LINE = Line()
Wish: TypeAlias = Ask | Pause | Listen | Line
Call: TypeAlias = Generator[Wish, Any, T]
Items: TypeAlias = Generator[Wish | Item[T], Any, None]


def _as_is(facts: Any) -> Any:
    return facts


def json_of(ask: Ask) -> Call[Any]:
    """Return the JSON of the answer."""
    return (yield ask).json()


def nothing(ask: Ask) -> Call[None]:
    """Expect no more than success."""
    yield ask


def bytes_of(ask: Ask) -> Call[bytes]:
    """Return the body of the answer."""
    content: bytes = (yield ask).content
    return content


def pages(
    path: str,
    name: str,
    params: Mapping[str, Any] | None = None,
    made: Callable[[dict[str, Any]], T] = _as_is,
) -> Items[T]:
    """Give the items of a list, part by part, as `made` makes them."""
    ask: Ask | None = Ask("GET", path, params=params or {})
    while ask is not None:
        part = (yield ask).json()
        for item in part[name]:
            yield Item(made(item))
        ask = Ask("GET", path, params={**ask.params, "cursor": part["next"]}) if part["next"] else None


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
