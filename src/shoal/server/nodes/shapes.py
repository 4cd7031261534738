"""What nodes send."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shoal.jobs.nodes.members import Offer

Token = Annotated[str, Field(max_length=100)]
Tokens = Annotated[list[Token], Field(max_length=10_000)]
Seconds = Annotated[float, Field(ge=1, le=600)]
Word = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]+$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Joining(_Shape):
    """What a machine offers."""

    host: Word
    version: Word
    workers: int = Field(ge=1, le=1024)
    labels: list[Word] = Field(default=[], max_length=100)
    resources: dict[Word, Annotated[float, Field(ge=0)]] = {}
    kinds: list[Word] = Field(max_length=1000)

    def offer(self) -> Offer:
        """Return it as the room's own value."""
        return Offer(
            self.host, self.version, self.workers, tuple(self.labels), self.resources, tuple(self.kinds)
        )


class Asking(_Shape):
    """A wish for jobs: the how many-th, and which attempts are in hand; `in_use` is what is not free now."""

    n: int = Field(ge=1, le=10_000)
    in_use: dict[Word, float] = {}
    turn: int = Field(ge=1)
    have: Tokens
    seconds: Seconds


class Waiting(_Shape):
    """A wish to be told when there is work, or an order about one of the tokens."""

    after: int = Field(ge=0)
    tokens: Tokens = []
    seconds: Annotated[float, Field(ge=0, le=60)]


class Renewing(_Shape):
    """Leases to keep."""

    tokens: Tokens
    seconds: Seconds


class Named(_Shape):
    """Tokens of attempts."""

    tokens: Tokens


class Ended(_Shape):
    """How one attempt ended; see `Outcome`."""

    token: Token
    outcome: dict[str, Any]


class Ending(_Shape):
    """How attempts ended."""

    reports: list[Ended] = Field(max_length=10_000)


class OneProgress(_Shape):
    """How far one attempt is."""

    token: Token
    done: float
    total: float | None
    note: str = ""


class Progressing(_Shape):
    """How far attempts are."""

    reports: list[OneProgress] = Field(max_length=10_000)
