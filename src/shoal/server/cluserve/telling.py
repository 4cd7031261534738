"""Errors of GraphQL's library: a sentence, where, and a stable code in capitals."""

from __future__ import annotations

import logging

from graphql import GraphQLError, GraphQLSyntaxError

from shoal.base.errors import ShoalError
from shoal.server.cluserve.answers import Told, of_shoal, told, unexpected

log = logging.getLogger("shoal.server")
INVALID = "GRAPHQL_VALIDATION_FAILED"
BAD_VARIABLES = "BAD_USER_INPUT"


def of_graphql(error: GraphQLError, request_id: str, *, otherwise: str = BAD_VARIABLES) -> Told:
    """Return one error; one of ours that nobody expected is logged, and says nothing of the inside."""
    where = {name: value for name, value in error.formatted.items() if name in ("locations", "path")}
    cause = error.original_error
    if isinstance(cause, ShoalError):
        return of_shoal(cause) | where
    if isinstance(error, GraphQLSyntaxError):
        return told(error.message, "GRAPHQL_PARSE_FAILED") | where
    if cause is None or isinstance(cause, GraphQLError):
        return told(error.message, otherwise) | where
    log.error("%s a field failed", request_id, exc_info=cause)
    return unexpected(request_id) | where
