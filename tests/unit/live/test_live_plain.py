"""A wish in plain JSON: it comes back the same, and every fault is named by its place."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from shoal.base.errors import InvalidInput
from shoal.live.model import Algorithm, Pace, Wish
from shoal.live.plain import plain, wish_of

FULL = Wish(
    name="visits",
    columns=("id", "a", "b", "price"),
    variables=("a", "b"),
    identifier="id",
    predictions=("price",),
    algorithm=Algorithm("kmeans", k=3, init="given", given=[[0.0, 1.0], [2.0, 3.0]], frame_size=60),
    pace=Pace(iter=20, iter_per_data=1, timeout=1.5, parallel=True),
    shards=2,
)


@pytest.mark.parametrize("wish", [Wish(), FULL])
def test_a_wish_survives_being_written(wish: Wish) -> None:
    there = wish_of(orjson.loads(orjson.dumps(plain(wish))))
    assert plain(there) == orjson.loads(orjson.dumps(plain(wish))) | {
        name: tuple(plain(wish)[name]) for name in ("columns", "variables", "predictions")
    }


@pytest.mark.parametrize("given", ["pp", "kmeans_pp", "kmeans++", "k-means++", "KMEANS_PP"])
def test_every_name_of_an_initialiser_means_the_same(given: str) -> None:
    assert wish_of({"algorithm": {"init": given}}).algorithm.init == "kmeans_pp"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"algorithm": {"k": 0}}, "/algorithm/k"),
        ({"algorithm": {"name": "dbscan"}}, "/algorithm/name"),
        ({"algorithm": {"init": "magic"}}, "/algorithm/init"),
        ({"algorithm": {"space": "flat"}}, "/algorithm/space"),
        ({"algorithm": {"init_k": 9, "max_k": 8}}, "/algorithm"),
        ({"algorithm": {"mu": "0.5"}}, "/algorithm/mu"),
        ({"algorithm": {"amp": float("nan")}}, "/algorithm/amp"),
        ({"algorithm": {"out_after": 1}}, "/algorithm/out_after"),
        ({"algorithm": {"shapes": "full"}}, "/algorithm/shapes"),
        ({"pace": {"iter": -1}}, "/pace/iter"),
        ({"pace": {"timeout": -0.5}}, "/pace/timeout"),
        ({"pace": {"parallel": 1}}, "/pace/parallel"),
        ({"columns": ["a", "a"]}, "/columns"),
        ({"columns": ["a"], "variables": ["b"]}, ""),
        ({"shards": 0}, "/shards"),
        ({"colour": "red"}, "/colour"),
        ([], ""),
    ],
)
def test_a_fault_is_named_by_its_place(given: Any, place: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        wish_of(given)
    assert place in {fault["pointer"] for fault in refused.value.details["errors"]}


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        wish_of({"algorithm": {"k": 0, "space": "flat"}, "pace": {"iter": -1}})
    assert len(refused.value.details["errors"]) == 3
