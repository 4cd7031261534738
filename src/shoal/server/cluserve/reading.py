"""A query's text becomes a document: bounded, in today's words, and checked against the schema once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    BooleanValueNode,
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    IntValueNode,
    Lexer,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    OperationType,
    Source,
    TokenKind,
    TypeNode,
    Visitor,
    parse,
    visit,
)

from shoal.server.cluserve.limits import check_document, check_text
from shoal.server.cluserve.refusals import InvalidRequest
from shoal.server.cluserve.scalars import Bulk

IDS = frozenset({"uuid", "ID"})  # types that documents declare for ids; here an id is a String
SWITCHES = frozenset({"parallel", "flow"})  # told as true or false, or as 1 or 0
KEYWORDS = frozenset({"query", "mutation", "subscription", "fragment"})
MUTATIONS = frozenset({"play", "pause", "stop", "push", "pushData", "reconfigure", "copy", "delete", "init"})
REMEMBERED, SHORT = 256, 4_096


@dataclass(frozen=True, slots=True)
class Query:
    """A text that can be carried out if `faults` is empty.

    `operations` are the kinds of its operations by name; `bulky` are variables that hold lists of data.
    """

    document: DocumentNode
    faults: tuple[GraphQLError, ...]
    operations: Mapping[str | None, OperationType]
    bulky: frozenset[str]

    def kind(self, name: str | None) -> OperationType:
        """Return what the operation is that is meant; raises InvalidRequest when it is not clear which."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            told = f"There is no operation {name[:40]!r}." if name else "The text has several operations."
            raise InvalidRequest(told, hint="Name one of them in operationName.")
        return self.operations[name]


class Library:
    """Read texts; the short ones that were read last are remembered."""

    def __init__(self, validate: Any) -> None:
        self._validate = validate
        self._known: OrderedDict[str, Query] = OrderedDict()

    def remembers(self, text: str) -> bool:
        """Say whether reading a text takes no time."""
        return text in self._known

    def read(self, text: str) -> Query:
        """Return the query that a text is.

        Raises:
            QueryTooLarge: it is too long, too deep or too dear.
            GraphQLSyntaxError: it is no GraphQL.
        """
        if (known := self._known.get(text)) is not None:
            return known
        query = self._read(text)
        if len(text) <= SHORT:
            self._known[text] = query
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return query

    def _read(self, text: str) -> Query:
        document = parsed(text)
        check_document(document)
        document = visit(document, _Modernise())
        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        kinds = {each.name.value if each.name else None: each.operation for each in operations}
        return Query(document, tuple(self._validate(document)), kinds, frozenset(_bulky(operations)))


def parsed(text: str) -> DocumentNode:
    """Return a text's document; raises QueryTooLarge or GraphQLSyntaxError."""
    try:
        check_text(text)
        return parse(text)
    except GraphQLSyntaxError as error:
        if (name := _without_keyword(text)) is None:
            raise
        keyword = "mutation" if _begins_with(text, MUTATIONS) else "query"
        description = (
            f"Before {name!r} stands no operation keyword (query, mutation or subscription): "
            f"write `{keyword} {name}`."
        )
        raise GraphQLSyntaxError(error.source or Source(text), 0, description) from error


def with_bulk(query: Query, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables in today's words, their data marked so that it is not looked at number by number."""
    return {name: _bulk(value, name in query.bulky) for name, value in variables.items()}


def _bulk(value: Any, bulky: bool) -> Any:
    if isinstance(value, list):
        return [Bulk(value)] if bulky and value else value
    if not isinstance(value, dict):
        return value
    return {name: _inside(name, each) for name, each in value.items()}


def _inside(name: str, value: Any) -> Any:
    if name in SWITCHES and value in (0, 1):
        return bool(value)
    if name == "chunks" and isinstance(value, list):
        return [_bulk(each, False) for each in value]
    return _bulk(value, name == "data")


def _bulky(operations: Sequence[OperationDefinitionNode]) -> list[str]:
    """Return the variables that are declared as lists of elements."""
    declared = [each for operation in operations for each in operation.variable_definitions or ()]
    return [each.variable.name.value for each in declared if _is_bulky(each.type)]


def _is_bulky(type_: TypeNode) -> bool:
    listed = False
    while not isinstance(type_, NamedTypeNode):
        listed |= isinstance(type_, ListTypeNode)
        type_ = type_.type if isinstance(type_, ListTypeNode | NonNullTypeNode) else type_
    return listed and type_.name.value == "Elemt"


def _without_keyword(text: str) -> str | None:
    """Return the name that stands where an operation's keyword should."""
    token = Lexer(Source(text)).advance()
    found = token.kind is TokenKind.NAME and token.value not in KEYWORDS
    return token.value if found else None


def _begins_with(text: str, fields: frozenset[str]) -> bool:
    """Say whether the first field of a text is one of these."""
    lexer, opened = Lexer(Source(text)), False
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        if opened:
            return token.value in fields
        opened = token.kind is TokenKind.BRACE_L
    return False


class _Modernise(Visitor):
    """Say in today's words what older documents say in theirs."""

    def enter_named_type(self, node: NamedTypeNode, *_: Any) -> NamedTypeNode | None:
        """Declare an id as the text that it is."""
        return replace(node, name=NameNode(value="String")) if node.name.value in IDS else None

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> ObjectFieldNode | None:
        """Make a switch of 0 and 1."""
        if node.name.value not in SWITCHES or not isinstance(node.value, IntValueNode):
            return None
        if node.value.value not in ("0", "1"):
            return None
        return replace(node, value=BooleanValueNode(value=node.value.value == "1"))
