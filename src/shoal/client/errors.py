"""Problems of a server, raised here as the same errors."""

from __future__ import annotations

from typing import Any

import httpx

from shoal.base.errors import ShoalError, Unavailable
from shoal.base.problems import error_of_problem


def error_of(response: httpx.Response) -> ShoalError:
    """Return the error that a server's answer tells of; `details` keeps what else it says."""
    return error_of_problem(_problem(response), response.status_code)


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
