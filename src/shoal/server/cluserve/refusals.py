"""Why a query is not carried out, before anything of it is."""

from __future__ import annotations

from shoal.base.errors import InvalidInput, TooLarge, Unavailable


class InvalidRequest(InvalidInput):
    """Say that a message does not hold a query that could be carried out."""

    code = "invalid_query"
    status = 400


class QueryTooLarge(TooLarge):
    """Say that a query is longer, deeper or dearer than this server takes."""

    code = "query_too_large"


class RequestTimeout(Unavailable):
    """Say that a request was not answered within the time that the settings give it."""

    code = "request_timeout"

    @classmethod
    def after(cls, seconds: float) -> RequestTimeout:
        """Return the error for a request that had so many seconds."""
        return cls(
            f"This took longer than {seconds:g} s, and was given up; what was accepted before is kept.",
            hint="Ask for less, or raise graphql.timeout.",
        )
