"""How large, deep and dear a query may be; what is refused has cost next to nothing by then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Lexer,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Source,
    TokenKind,
)

from shoal.server.cluserve.refusals import QueryTooLarge

MOST_SIGNS = 100_000
MOST_TOKENS = 5_000
MOST_BRACKETS = 64
MOST_DEPTH = 20
MOST_ALIASES = 100
MOST_COST = 1_000
MOST_FRAGMENTS = 20
MOST_REPEATS = 20  # fields of one name side by side: validation compares each with each
# What asks the task's host, or reads files, costs more than what stands in memory.
PRICES: Mapping[str, int] = {"labels": 20, "dataset": 20, "history": 20, "predict": 20, "export": 100}
_OPEN = {TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L}
_CLOSE = {TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R}


def check_text(text: str) -> None:
    """Pass a text whose reading takes neither long nor much stack; the parser itself recurses.

    Raises:
        QueryTooLarge: it has too many tokens, or nests too deep.
        GraphQLSyntaxError: a token cannot be read.
    """
    if len(text) > MOST_SIGNS:
        raise _too_large(f"The query has {len(text):,} signs; {MOST_SIGNS:,} are allowed.")
    lexer, tokens, depth = Lexer(Source(text)), 0, 0
    while (kind := lexer.advance().kind) is not TokenKind.EOF:
        tokens += 1
        depth += (kind in _OPEN) - (kind in _CLOSE)
        if tokens > MOST_TOKENS:
            raise _too_large(f"The query has more than {MOST_TOKENS:,} words and brackets.")
        if depth > MOST_BRACKETS:
            raise _too_deep(MOST_BRACKETS, "brackets")


def check_document(document: DocumentNode) -> None:
    """Pass a document none of whose operations is too deep or too dear; raises QueryTooLarge."""
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    if len(fragments) > MOST_FRAGMENTS:
        raise _too_large(f"The query has {len(fragments)} fragments; {MOST_FRAGMENTS} are allowed.")
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            _Weighing(fragments).check(definition.selection_set)


class _Weighing:
    """Weigh an operation with its fragments; each fragment is weighed once, however often it is spread."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, tuple[int, int, int]] = {}
        self._repeats = 0

    def check(self, selection: SelectionSetNode) -> None:
        cost, depth, aliases = self._of(selection)
        if self._repeats > MOST_REPEATS:
            raise _too_large(f"The query asks {self._repeats:,} times for what it has asked for already.")
        if depth > MOST_DEPTH:
            raise _too_deep(MOST_DEPTH, "fields")
        if aliases > MOST_ALIASES:
            raise QueryTooLarge(
                f"The query has {aliases:,} aliases; {MOST_ALIASES} are allowed.", code="too_many_aliases"
            )
        if cost > MOST_COST:
            raise QueryTooLarge(
                f"The query costs {cost:,}; {MOST_COST:,} is allowed.",
                hint="Ask for less, or in several requests.",
                code="query_too_costly",
            )

    def _of(self, selection: SelectionSetNode | None) -> tuple[int, int, int]:
        """Return cost, depth and number of aliases."""
        nodes = list(_flat(selection))
        names = Counter(
            node.alias.value if node.alias else node.name.value
            for node in nodes
            if isinstance(node, FieldNode)
        )
        self._repeats += names.total() - len(names)
        found = [self._one(each) for each in nodes]
        cost, aliases = sum(each[0] for each in found), sum(each[2] for each in found)
        return cost, max((each[1] for each in found), default=0), aliases

    def _one(self, node: object) -> tuple[int, int, int]:
        match node:
            case FieldNode():
                cost, depth, aliases = self._of(node.selection_set)
                return cost + PRICES.get(node.name.value, 1), depth + 1, aliases + (node.alias is not None)
            case FragmentSpreadNode():
                return self._spread(node.name.value)
        return 0, 0, 0

    def _spread(self, name: str) -> tuple[int, int, int]:
        if name not in self._known:
            self._known[name] = 0, 0, 0  # A fragment within itself is for the validation to refuse.
            fragment = self._fragments.get(name)
            self._known[name] = self._of(fragment.selection_set if fragment else None)
        return self._known[name]


def _flat(selection: SelectionSetNode | None) -> Iterator[SelectionNode]:
    """Give the fields and spreads of a selection; fragments without a name are part of it."""
    for node in selection.selections if selection else ():
        if isinstance(node, InlineFragmentNode):
            yield from _flat(node.selection_set)
        else:
            yield node


def _too_large(message: str) -> QueryTooLarge:
    return QueryTooLarge(message, hint="Send data in variables, and ask in several requests.")


def _too_deep(most: int, what: str) -> QueryTooLarge:
    return QueryTooLarge(f"The query nests more than {most} {what}.", code="query_too_deep")
