"""The schema, and carrying out what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import strawberry
from graphql import DocumentNode, GraphQLError, validate
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from shoal.server.cluserve.caller import Caller
from shoal.server.cluserve.mutation import Mutation
from shoal.server.cluserve.query import Query
from shoal.server.cluserve.reading import Library
from shoal.server.cluserve.scalars import SCALARS, Uuid
from shoal.server.cluserve.subscription import Subscription


class _ReadAlready(SchemaExtension):
    """Take the document that was read and validated before."""

    def on_parse(self) -> Any:
        """Give the document; nothing is left to validate."""
        caller: Caller = self.execution_context.context
        self.execution_context.graphql_document = caller.query.document
        self.execution_context.validation_rules = ()
        yield


class _Schema(strawberry.Schema):
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing: whoever answers tells the errors, and logs those that are ours."""


@cache
def schema() -> strawberry.Schema:
    """Return the schema of live tasks."""
    return _Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Uuid],
        extensions=[_ReadAlready],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


@cache
def library() -> Library:
    """Return who reads the texts of queries for this schema."""
    return Library(_faults)


def _faults(document: DocumentNode) -> Sequence[GraphQLError]:
    return validate(schema()._schema, document)
