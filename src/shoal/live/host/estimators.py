"""The estimator of a wish: one of `clustering`, or one whose rows are spread over processes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from shoal.base.errors import InvalidInput
from shoal.clustering import live_algorithms
from shoal.clustering.live_algorithms import LiveAlgorithm
from shoal.live.host.sharded import ShardedKMeans
from shoal.live.model import Wish


def check(wish: Wish) -> None:
    """Refuse shards where rows cannot be summed apart.

    Raises:
        InvalidInput: `shards_not_possible`.
    """
    algorithm = asdict(wish.algorithm)
    fits = wish.algorithm.name == "kmeans" and not live_algorithms.is_one_pass(algorithm)
    if wish.shards > 1 and not (fits and wish.algorithm.space in ("euclid", "complex")):
        raise InvalidInput(
            "Only kmeans without flow and half_life, on vectors, can be spread over shards.",
            hint="Leave out shards.",
            code="shards_not_possible",
        )


def built(wish: Wish) -> LiveAlgorithm:
    """Return an estimator that has had no rows; raises what it says to a parameter that cannot be."""
    algorithm = asdict(wish.algorithm)
    if wish.shards > 1:
        parameters = live_algorithms.parameters(algorithm)
        return cast(LiveAlgorithm, ShardedKMeans(shards=wish.shards, **parameters))
    return live_algorithms.build(algorithm)


def restored(wish: Wish, data: bytes, frame: Any) -> LiveAlgorithm:
    """Return an estimator that goes on from a snapshot; `frame` are the rows of one without them."""
    if wish.shards > 1:
        return cast(LiveAlgorithm, ShardedKMeans.restore(data, frame))
    return live_algorithms.restore(asdict(wish.algorithm), data, frame)


def kept(before: Wish, after: Wish) -> bool:
    """Say whether an estimator can go on with its centres when what is wished changes."""
    same = before.shards == after.shards
    return same and live_algorithms.kept(asdict(before.algorithm), asdict(after.algorithm))


def retuned(estimator: LiveAlgorithm, before: Wish, after: Wish) -> None:
    """Change an estimator's parameters, where `kept` allows it, from its next iteration on."""
    live_algorithms.retune(estimator, asdict(before.algorithm), asdict(after.algorithm))


def closed(estimator: LiveAlgorithm | None) -> None:
    """End the processes of an estimator that has some."""
    if isinstance(estimator, ShardedKMeans):
        estimator.close()
