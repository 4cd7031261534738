"""The schema: the names of the documents, and a rule on every root field."""

from __future__ import annotations

import pytest
from graphql import build_schema

from shoal.access import Action
from shoal.server.cluserve.fields import Ruled
from shoal.server.cluserve.mutation import Mutation
from shoal.server.cluserve.query import Query
from shoal.server.cluserve.schema import schema

DOCUMENTED = {
    "access": "id adminToken contributorToken guestToken webhook memberships",
    "membership": "id follow userId teamId webhook role",
    "dataframe": "id columns dim size metadata chunks",
    "chunk": "id size data",
    "dataset": "id name dataframe",
    "task": "id name identifier variables predictions algorithm dataset centroids labels status error",
    "algorithm": "name iter dataPerIter iterPerData iterFreq dataFreq flow mu amp k kInit timeout space "
    "innerSpace window numCPU frameSize parallel init",
    "TaskInput": "id name identifier variables predictions algorithm dataset centroids labels status error",
    "DataframeInput": "id columns dim size metadata chunks",
    "ChunkInput": "id size data",
    "DatasetInput": "id name dataframe",
    "Query": "tasks task wait predict figures history export",
    "Mutation": "play pause stop copy delete push pushData reconfigure wait init predict import",
    "Subscription": "task",
}
READING = {"tasks", "task", "wait", "predict", "figures", "history", "export"}


@pytest.fixture(scope="module")
def types() -> dict[str, set[str]]:
    built = build_schema(schema().as_str())
    return {name: set(getattr(type_, "fields", ())) for name, type_ in built.type_map.items()}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_type_has_the_documented_fields(types: dict[str, set[str]], name: str) -> None:
    assert set(DOCUMENTED[name].split()) <= types[name]


def test_an_algorithm_is_sent_as_it_is_told(types: dict[str, set[str]]) -> None:
    assert types["algorithm"] - {"given"} == types["AlgorithmInput"]


def test_the_scalars_have_their_names(types: dict[str, set[str]]) -> None:
    assert {"Long", "Elemt", "JSON", "uuid"} <= types.keys()


def test_every_root_field_has_a_rule_that_fits_it() -> None:
    for root in (Query, Mutation):
        for field in root.__strawberry_definition__.fields:  # type: ignore[union-attr]
            rules = [each for each in field.extensions if isinstance(each, Ruled)]
            assert len(rules) == 1, field.python_name
            assert rules[0].action.reads == (field.python_name in READING), field.python_name
            assert rules[0].action.name.startswith("LIVE_")
    assert Action.LIVE_READ.reads
