"""Problems (RFC 9457) that a server answered, raised here as the errors they were there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shoal.base.errors import InvalidInput, ShoalError

KNOWN = ("type", "title", "status", "code", "detail")


def error_of_problem(problem: Mapping[str, Any], status: int) -> ShoalError:
    """Return the error that a problem object tells of; `details` keeps what else it says."""
    code = str(problem.get("code", ""))
    kind = _kind(code, status)
    title = str(problem.get("title") or f"The server answered {status}.")
    details = {name: value for name, value in problem.items() if name not in KNOWN}
    error = kind.__new__(kind)
    ShoalError.__init__(error, title, hint=str(problem.get("detail") or ""), code=code or None, **details)
    return error


def _kind(code: str, status: int) -> type[ShoalError]:
    classes = list(_subclasses(ShoalError))
    if (named := next((kind for kind in classes if kind.code == code), None)) is not None:
        return named
    # A class stands before its subclasses here, so a status finds the most general.
    of_status = (kind for kind in classes if kind.status == status != ShoalError.status)
    return next(of_status, InvalidInput if 400 <= status < 500 else ShoalError)


def _subclasses(kind: type[ShoalError]) -> Iterator[type[ShoalError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _subclasses(below)
