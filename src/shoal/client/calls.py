"""Requests as values: each operation is written once, and a driver sends it.

An operation is a generator that yields an `Ask`, is sent the answer, and returns what it means. The
synchronous client drives it with `httpx.Client`; an asynchronous one can drive the same operations.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import httpx

T = TypeVar("T")
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request below the server's address; parameters that are None are left out.

    `upload` is a file that is sent as the body. `patience` is how many seconds the answer may take.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    upload: Path | None = None
    patience: float = 60.0

    @property
    def given(self) -> dict[str, Any]:
        """Return the parameters that have a value."""
        return {name: value for name, value in self.params.items() if value is not None}


Call: TypeAlias = Generator[Ask, httpx.Response, T]


def json_of(ask: Ask) -> Call[Any]:
    """Return the JSON of the answer."""
    return (yield ask).json()


def nothing(ask: Ask) -> Call[None]:
    """Expect no more than success."""
    yield ask


def bytes_of(ask: Ask) -> Call[bytes]:
    """Return the body of the answer."""
    return (yield ask).content


def pages(
    run: Callable[[Call[Any]], Any], path: str, name: str, params: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the items of a list, part by part."""
    ask: Ask | None = Ask("GET", path, params=params or {})
    while ask is not None:
        part = run(json_of(ask))
        yield from part[name]
        ask = Ask("GET", path, params={**ask.params, "cursor": part["next"]}) if part["next"] else None
