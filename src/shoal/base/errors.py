"""Errors a person can act on.

ShoalError
├── InvalidInput        422  what was sent cannot be used
│   ├── InvalidSetting       a setting has a value it cannot have
│   └── MissingExtra         an optional dependency is not installed
├── Unauthenticated     401  who you are is not known
├── Forbidden           403  you may not do this
│   ├── Misdirected     421  the server was called by a name that is not its own
│   └── ForeignCaller        a page or user that may not call this server did
├── NotFound            404  there is no such thing, or you may not see it
├── Conflict            409  the thing is in a state that does not allow this
│   └── HomeInUse            another process holds the home folder
├── TooLarge            413  over a limit of size
├── UnsupportedMedia    415  a kind of file that is not accepted
├── TooManyRequests     429  over a limit of rate or quota
└── Unavailable         503  a part that is needed does not work now
    └── StorageFull          the disk has no room left
"""

from __future__ import annotations

from typing import Any, ClassVar


class ShoalError(Exception):
    """Carry a fact, a remedy and a stable code to whoever caused or meets the error.

    `message` says what was wrong and where; `hint` says what to do. `details` is JSON-able.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "", code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details
        self.error_code = code or self.code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def as_problem(self) -> dict[str, Any]:
        """Return the error as an RFC 9457 problem object."""
        problem: dict[str, Any] = {
            "type": f"urn:shoal:error:{self.error_code}",
            "title": self.message,
            "status": self.status,
            "code": self.error_code,
        }
        if self.hint:
            problem["detail"] = self.hint
        return problem | self.details


class InvalidInput(ShoalError):
    """Say that what was sent cannot be used."""

    code = "invalid_input"
    status = 422


class InvalidSetting(InvalidInput):
    """Say that a setting has a value it cannot have."""

    code = "invalid_setting"


class MissingExtra(InvalidInput):
    """Say that an optional dependency is not installed, and which extra brings it."""

    code = "missing_extra"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed.", hint=f"pip install 'shoal[{extra}]'", extra=extra)


class Unauthenticated(ShoalError):
    """Say that the caller is not known."""

    code = "unauthenticated"
    status = 401


class Forbidden(ShoalError):
    """Say that the caller may not do this."""

    code = "forbidden"
    status = 403


class Misdirected(Forbidden):
    """Say that the server was called by a name that is not its own."""

    code = "misdirected"
    status = 421


class ForeignCaller(Forbidden):
    """Say that a page of another origin, or another user of this machine, called the server."""

    code = "foreign_caller"


class NotFound(ShoalError):
    """Say that there is no such thing, or that the caller may not see it."""

    code = "not_found"
    status = 404


class Conflict(ShoalError):
    """Say that the thing is in a state that does not allow this."""

    code = "conflict"
    status = 409


class HomeInUse(Conflict):
    """Say that another process holds the home folder."""

    code = "home_in_use"


class TooLarge(ShoalError):
    """Say that something is over a limit of size."""

    code = "too_large"
    status = 413


class UnsupportedMedia(ShoalError):
    """Say that a kind of file is not accepted."""

    code = "unsupported_media"
    status = 415


class TooManyRequests(ShoalError):
    """Say that a limit of rate or quota is reached."""

    code = "too_many_requests"
    status = 429


class Unavailable(ShoalError):
    """Say that a part that is needed does not work now."""

    code = "unavailable"
    status = 503


class StorageFull(Unavailable):
    """Say that the disk has no room left."""

    code = "storage_full"
