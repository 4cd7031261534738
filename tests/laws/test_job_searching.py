"""Laws of searching jobs by filters: the same on every database as in plain Python, and nothing runs."""

from __future__ import annotations

from collections.abc import Mapping
from operator import ge, gt, le, lt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoal.base.errors import InvalidInput
from shoal.jobs.model import NewJob
from tests.support.store import Store

MISSING = object()
COMPARE: dict[str, Any] = {"$gt": gt, "$gte": ge, "$lt": lt, "$lte": le}
KEYS = st.sampled_from(["a", "b", "c d", "é", "0"])
KEPT_NUMBERS = st.integers(-3, 3) | st.sampled_from([0.5, 2.0, 1e300, 2**63])
NUMBERS = KEPT_NUMBERS | st.just(-(2**70))
TEXTS = st.sampled_from(["", "a", "B", "ä", "10", "9", "true", "null", "%", "'"])
KEPT = st.none() | st.booleans() | KEPT_NUMBERS | TEXTS
VALUES = KEPT | NUMBERS
NESTED = st.recursive(
    KEPT, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2), max_leaves=5
)
DOCUMENTS = st.dictionaries(KEYS, NESTED, max_size=3)
OPERATED = st.one_of(
    st.fixed_dictionaries({"$eq": VALUES}),
    st.fixed_dictionaries({"$ne": VALUES}),
    st.fixed_dictionaries({"$exists": st.booleans()}),
    st.fixed_dictionaries({"$in": st.lists(VALUES, max_size=3)}),
    *(st.fixed_dictionaries({operator: NUMBERS | TEXTS}) for operator in COMPARE),
)
PATHS = st.lists(KEYS, min_size=1, max_size=2).map(".".join)
LEAVES = st.dictionaries(PATHS, VALUES | OPERATED, min_size=1, max_size=2)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.fixed_dictionaries({"$and": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"$or": st.lists(inner, min_size=1, max_size=2)})
    ),
    max_leaves=4,
)


def fits(document: Any, wanted: Mapping[str, Any]) -> bool:
    """Say in plain Python whether a document fits a filter."""
    return all(_fits_entry(document, key, value) for key, value in wanted.items())


def _fits_entry(document: Any, key: str, value: Any) -> bool:
    if key in ("$and", "$or"):
        return (all if key == "$and" else any)(fits(document, one) for one in value)
    at = document
    for part in key.split("."):
        at = at.get(part, MISSING) if isinstance(at, dict) else MISSING
    operators = value if isinstance(value, dict) else {"$eq": value}
    return all(_holds(at, operator, limit) for operator, limit in operators.items())


def _holds(at: Any, operator: str, limit: Any) -> bool:
    if operator == "$exists":
        return (at is not MISSING) is bool(limit)
    if operator == "$in":
        return any(_is(at, one) for one in limit)
    if operator in ("$eq", "$ne"):
        same = _is(at, limit)
        return same if operator == "$eq" else not same
    return _sort(at) == _sort(limit) and bool(COMPARE[operator](at, limit))


def _is(at: Any, value: Any) -> bool:
    return at in (None, MISSING) if value is None else _sort(at) == _sort(value) and bool(at == value)


def _sort(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, int | float) else type(value).__name__


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    documents=st.lists(DOCUMENTS, min_size=1, max_size=6), filters=st.lists(FILTERS, min_size=1, max_size=6)
)
def test_filters_mean_the_same_everywhere(
    store: Store, documents: list[dict[str, Any]], filters: list[dict[str, Any]]
) -> None:
    ids = store.submit(*(NewJob("sum", extra=document, spec={"d": document}) for document in documents))
    for wanted in filters:
        expected = {id_ for id_, document in zip(ids, documents, strict=True) if fits(document, wanted)}
        found = {job.id for job in store.find(matching=wanted, limit=10_000)}
        assert found & set(ids) == expected, (wanted, documents)


def test_columns_and_documents_are_searched_together(store: Store) -> None:
    for n in range(6):
        store.submit_one("ab"[n % 2], name=f"n{n}", extra={"n": n}, spec={"deep": {"n": n}}, priority=n)
    wanted: dict[str, Any] = {
        "kind": "a",
        "state": {"$in": ["queued", "failed"]},
        "$or": [{"n": {"$lt": 2}}, {"spec.deep.n": 4}, {"spec": {"deep": {"n": 5}}}],
    }
    assert [job.name for job in store.find(matching=wanted)] == ["n4", "n0"]
    assert [job.name for job in store.find(matching={"priority": {"$gt": 3}, "name": {"$ne": "n4"}})] == [
        "n5"
    ]
    assert store.find(matching={"priority": "4"}) == store.find(matching={"kind": {"$gt": 3}}) == []
    assert len(store.find(matching={"parent": None, "ended": {"$exists": False}})) == 6
    assert len(store.find(matching={"extra.n": {"$gte": 1, "$lte": 3}}, owners=["me"])) == 3
    assert store.find(matching={"owner": "me"}, owners=["you"]) == []


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"$where": "sleep(1000)"}, "$where"),
        ({"a": {"$where": "1"}}, "$where"),
        ({"$or": [{"a": 1}, {"b": {"$regex": ".*"}}]}, "$regex"),
        ({"$nor": [{}]}, "$nor"),
        ({"a": {"$not": {"$gt": 1}}}, "$not"),
        ({"$expr": {}}, "$expr"),
        ({"a": {"$gt": 1, "b": 2}}, "a"),
        ({"a": {"$gt": None}}, "$gt"),
        ({"a": {"$exists": 1}}, "$exists"),
        ({"a": {"$in": "x"}}, "$in"),
        ({"a": {"$in": list(range(1001))}}, "$in"),
        ({"$and": {}}, "$and"),
        ({"$or": []}, "$or"),
        ({"a": [1]}, "a"),
        ({"a": {}}, "a"),
        ({"a": float("inf")}, "a"),
        ({"a": "\ud800"}, "a"),
        ({'a"b': 1}, 'a"b'),
        ({"a\\": 1}, "a\\"),
        ({"a..b": 1}, "a..b"),
        ({"": 1}, ""),
        ({"a\0": 1}, "a\0"),
        ({"state.x": 1}, "state"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_name(
    store: Store, wanted: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        store.find(matching=wanted)
    assert refused.value.details["key"] == named


def test_filters_are_bounded_in_depth_and_size(store: Store) -> None:
    deep: dict[str, Any] = {"a": 1}
    for _ in range(50):
        deep = {"$or": [deep]}
    nested: Any = 1
    for _ in range(50):
        nested = {"a": nested}
    for wanted in (deep, nested, {".".join("a" * 50): 1}):
        with pytest.raises(InvalidInput, match="16 levels"):
            store.find(matching=wanted)
    with pytest.raises(InvalidInput, match="200 conditions"):
        store.find(matching={"$or": [{f"k{n}": n} for n in range(201)]})
    with pytest.raises(InvalidInput, match="object"):
        store.find(matching={"$and": [3]})
