"""Problems of a server, raised here as the same errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from shoal.base.errors import InvalidInput, ShoalError, Unavailable

KNOWN = ("type", "title", "status", "code", "detail")


def error_of(response: httpx.Response) -> ShoalError:
    """Return the error that a server's answer tells of; `details` keeps what else it says."""
    return error_of_problem(_problem(response), response.status_code)


def error_of_problem(problem: Mapping[str, Any], status: int) -> ShoalError:
    """Return the error that a problem object tells of."""
    code = str(problem.get("code", ""))
    kind = _kind(code, status)
    title = str(problem.get("title") or f"The server answered {status}.")
    details = {name: value for name, value in problem.items() if name not in KNOWN}
    error = kind.__new__(kind)
    ShoalError.__init__(error, title, hint=str(problem.get("detail") or ""), code=code or None, **details)
    return error


def unreachable(url: str, error: httpx.HTTPError) -> Unavailable:
    """Return the error for a server that does not answer."""
    if isinstance(error, httpx.ConnectError):
        return Unavailable(
            f"No server at {url}.", hint="Start one with `shoal serve`.", code="no_server", url=url
        )
    why = str(error) or type(error).__name__
    return Unavailable(f"The server at {url} stopped answering: {why}.", hint="Try again.", url=url)


def _problem(response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("content-type", ""):
        return {}
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


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
