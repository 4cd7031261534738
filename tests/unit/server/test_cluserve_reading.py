"""Reading queries: older words in today's, limits before anything costs, data that is not looked at."""

from __future__ import annotations

import pytest
from graphql import GraphQLSyntaxError, OperationType, build_schema, print_ast, validate

from shoal.server.cluserve.reading import Library, Query, with_bulk
from shoal.server.cluserve.refusals import InvalidRequest, QueryTooLarge
from shoal.server.cluserve.scalars import Bulk

SCHEMA = build_schema(
    """
    scalar Elemt
    input Settings { parallel: Boolean flow: Boolean }
    type task { id: String! other: task labels: [task] }
    type Query { task(id: String, settings: Settings, data: [Elemt!]): task tasks: [task!]! }
    """
)


def read(text: str) -> Query:
    return Library(lambda document: validate(SCHEMA, document)).read(text)


@pytest.mark.parametrize("type_", ["uuid!", "uuid", "ID!", "String!"])
def test_an_id_may_be_declared_in_each_of_its_types(type_: str) -> None:
    query = read(f"query ($id: {type_}) {{ task(id: $id) {{ id }} }}")
    assert query.faults == ()
    assert "$id: String" in print_ast(query.document)


def test_switches_may_be_numbers() -> None:
    query = read("{ task(settings: {parallel: 1, flow: 0}) { id } }")
    assert query.faults == ()
    assert "{ parallel: true, flow: false }" in print_ast(query.document)
    assert read("{ task(settings: {parallel: 2}) { id } }").faults
    plain = read("query ($s: Settings) { task(settings: $s) { id } }")
    assert with_bulk(plain, {"s": {"parallel": 1, "flow": 0}}) == {"s": {"parallel": True, "flow": False}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Task($id: String!) { task(id: $id) { id } }", "write `query Task`"),
        ("# first\nPushData($id: uuid!) { pushData(id: $id) { id } }", "write `mutation PushData`"),
        ("task { id }", "write `query task`"),
        ("Task", "write `query Task`"),
    ],
)
def test_a_missing_keyword_is_named(text: str, told: str) -> None:
    with pytest.raises(GraphQLSyntaxError, match=told):
        read(text)


@pytest.mark.parametrize("text", ["{ task", "}", "query {", "{ task(id: ) { id } }", '{ "', "{ $ }"])
def test_what_is_no_graphql_is_an_error_of_syntax(text: str) -> None:
    with pytest.raises(GraphQLSyntaxError):
        read(text)


SPREAD = "fragment F{0} on task {{ ...F{1} ...F{1} }} "
BOMB = (
    "{ tasks { ...F0 } } "
    + "".join(SPREAD.format(n, n + 1) for n in range(18))
    + "fragment F18 on task { id }"
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{" * 1000 + "}" * 1000, "query_too_deep"),
        ("{ task(data: " + "[" * 1000 + "]" * 1000 + ") { id } }", "query_too_deep"),
        ("{ task {" + " other {" * 30 + " id " + "}" * 32, "query_too_deep"),
        ("{" + " ".join(f"a{n}: task {{ id }}" for n in range(10_000)) + "}", "query_too_large"),
        ("{" + " ".join(f"a{n}: tasks {{ id }}" for n in range(101)) + "}", "too_many_aliases"),
        ("{ " + "tasks { id } " * 30 + "}", "query_too_large"),
        ("{ " + "... { tasks { id } } " * 30 + "}", "query_too_large"),
        ("{" + " ".join(f"a{n}: task {{ labels {{ id }} }}" for n in range(60)) + "}", "query_too_costly"),
        (BOMB, "query_too_costly"),
        (
            "{ tasks { id } }" + "".join(f" fragment F{n} on task {{ id }}" for n in range(30)),
            "query_too_large",
        ),
        ("# " + "long " * 100_000 + "\n{ tasks { id } }", "query_too_large"),
        ("{ task(data: [" + "1 " * 6_000 + "]) { id } }", "query_too_large"),
    ],
)
def test_what_would_cost_too_much_is_refused_by_its_code(text: str, code: str) -> None:
    with pytest.raises(QueryTooLarge) as refused:
        read(text)
    assert refused.value.error_code == code


def test_a_fragment_within_itself_is_a_fault_and_no_recursion() -> None:
    assert read("{ tasks { ...A } } fragment A on task { other { ...A } }").faults


def test_an_operation_is_chosen_by_its_name_or_alone() -> None:
    one, two = read("{ tasks { id } }"), read("query A { tasks { id } } query B { tasks { id } }")
    assert one.kind(None) is two.kind("B") is OperationType.QUERY
    for query, name in ((two, None), (two, "C"), (one, "A")):
        with pytest.raises(InvalidRequest):
            query.kind(name)


def test_data_in_variables_is_one_element_for_graphql() -> None:
    query = read("query ($data: [Elemt!]!, $id: String) { task(id: $id, data: $data) { id } }")
    given = with_bulk(query, {"data": [[1, 2], [3, 4]], "id": "x"})
    assert given == {"data": [[[1, 2], [3, 4]]], "id": "x"}
    assert isinstance(given["data"][0], Bulk)
    nested = {"task": {"dataset": {"dataframe": {"columns": ["a"], "chunks": [{"data": [1, 2]}]}}}}
    chunk = with_bulk(query, nested)["task"]["dataset"]["dataframe"]["chunks"][0]
    assert isinstance(chunk["data"][0], Bulk)
    assert with_bulk(query, {"data": []}) == {"data": []}


def test_short_texts_are_remembered_and_long_ones_are_not() -> None:
    counted: list[object] = []

    def count(document: object) -> list[object]:
        counted.append(document)
        return []

    library = Library(count)
    for _ in range(3):
        library.read("{ tasks { id } }")
        library.read("{ tasks { id } } #" + "x" * 5_000)
    assert len(counted) == 4
    for n in range(300):
        library.read(f"{{ tasks {{ id }} }} # {n}")
    assert not library.remembers("{ tasks { id } }")
    assert library.remembers("{ tasks { id } } # 299")
