"""The values in a request that come in more than one form, each brought to one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shoal.base.clock import SECOND
from shoal.jobs.model import Condition

MOST_ELEMENTS = 10_000
_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})(?::(\d{1,9}))?(?:%(\d{1,9}))?")
_VARIABLE = re.compile(r"[^=\x00]{1,255}")
LATEST = 2**63 - 1
ErrorClass = Annotated[str, Field(max_length=255, pattern=r"^(exit:\d{1,3}(-\d{1,3})?|[A-Za-z_][\w.]*)$")]


class Wish(BaseModel):
    """A JSON object in which nothing unknown is passed over, and no type is guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ArrayWish(Wish):
    """Ask for a job for each number from `start` to `stop`, at most `limit` of them at once."""

    start: int = Field(default=0, ge=0, lt=2**31)
    stop: int = Field(ge=0, lt=2**31)
    step: int = Field(default=1, ge=1, lt=2**31)
    limit: int | None = Field(default=None, ge=1, description="how many run at once")

    @property
    def indexes(self) -> range:
        """Return the numbers."""
        return range(self.start, self.stop + 1, self.step)

    @model_validator(mode="after")
    def _sized(self) -> ArrayWish:
        if not 0 < len(self.indexes) <= MOST_ELEMENTS:
            raise ValueError(f"an array has 1 to {MOST_ELEMENTS:,} jobs, this one has {len(self.indexes):,}")
        return self


class RetryWish(Wish):
    """Say when and how often an attempt is repeated."""

    max_attempts: int = Field(default=3, ge=1, le=1000)
    on: tuple[
        Annotated[str, Field(max_length=255, pattern=r"^(exit:\d{1,3}(-\d{1,3})?|[A-Za-z_][\w.]*)$")], ...
    ] = Field(
        default=("error", "exit", "timeout", "lost"),
        max_length=64,
        strict=False,
        description="error, timeout, lost, memory, exit, exit:N, exit:N-M, or the name of an exception",
    )
    backoff: float = Field(default=1.0, ge=0, le=86_400, description="seconds before the first repetition")
    factor: float = Field(default=2.0, ge=1, le=100)
    max_delay: float = Field(default=300.0, ge=0, le=86_400, description="seconds")
    jitter: float = Field(default=0.1, ge=0, le=1)


class LimitsWish(Wish):
    """Bound what one attempt may use; what is left out is what the server allows."""

    memory: int | None = Field(default=None, ge=1 << 20, le=LATEST, description="bytes")
    output: int | None = Field(default=None, ge=1, le=LATEST, description="bytes of output that are kept")
    cores: int | None = Field(default=None, ge=1, le=1024)
    cpu_seconds: float | None = Field(default=None, gt=0, le=1e9)


class AfterWish(Wish):
    """Name a job that has to end first."""

    job: int = Field(ge=1, le=LATEST)
    condition: Condition = "ok"


class WebhookWish(Wish):
    """Name who is told of changes, and of which."""

    url: str = Field(max_length=2048, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")
    events: tuple[str, ...] = Field(default=(), max_length=16, strict=False, description="states")


def _array(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    if (found := _RANGE.fullmatch(given)) is None:
        raise ValueError('an array looks like "0-99", "0-99%5" or "0-99:2"')
    first, last, step, limit = found.groups()
    return {
        "start": int(first),
        "stop": int(last),
        "step": int(step or 1),
        "limit": int(limit) if limit else None,
    }


def _webhook(given: Any) -> Any:
    return {"url": given} if isinstance(given, str) else given


def _env(given: Any) -> Any:
    if isinstance(given, list):
        if not all(isinstance(each, str) and "=" in each for each in given):
            raise ValueError('a list of environment variables looks like ["NAME=value"]')
        given = dict(each.split("=", 1) for each in given)
    if isinstance(given, Mapping) and not all(_VARIABLE.fullmatch(str(name)) for name in given):
        raise ValueError("an environment variable has a name of 1 to 255 characters without '='")
    return given


def _moment(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        told = datetime.fromisoformat(given)
        told = told if told.tzinfo else told.replace(tzinfo=UTC)
        return round(told.timestamp() * SECOND)
    except (ValueError, OverflowError):
        raise ValueError("a time is in microseconds since 1970, or like 2030-01-31T12:00:00Z") from None


Array = Annotated[ArrayWish, BeforeValidator(_array, json_schema_input_type=str | ArrayWish)]
Webhook = Annotated[WebhookWish, BeforeValidator(_webhook, json_schema_input_type=str | WebhookWish)]
Env = Annotated[dict[str, str], BeforeValidator(_env, json_schema_input_type=list[str] | dict[str, str])]
Moment = Annotated[
    Annotated[int, Field(ge=0, le=LATEST)], BeforeValidator(_moment, json_schema_input_type=int | str)
]
