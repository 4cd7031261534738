"""The bodies of errors and of health."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shoal.server.api.shapes.bodies import Shape


class Health(Shape):
    """The process is alive."""

    status: Literal["ok"]


class Readiness(Shape):
    """Every part that is needed works."""

    status: Literal["ok"]
    version: str
    checks: dict[str, str]


class FieldError(Shape):
    """What is wrong with one field of a request."""

    where: str = Field(alias="in", description="body, query, path or header")
    pointer: str = Field(description="JSON pointer to the field")
    message: str


class Problem(Shape):
    """An error (RFC 9457)."""

    type: str = Field(description="a URN that names the kind of error")
    title: str = Field(description="what was wrong")
    status: int
    code: str = Field(description="a stable word for programs")
    detail: str | None = Field(default=None, description="what to do about it")
    request_id: str = Field(description="quote it when you ask for help")
    errors: list[FieldError] | None = Field(default=None, description="what is wrong with each field")


class Trouble(Shape):
    """What keeps work from going on at present; it goes on by itself when that is mended."""

    title: str
    code: str
    detail: str | None = None
