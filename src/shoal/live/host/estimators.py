"""The estimator of a wish: one of `clustering`, or one whose rows are spread over processes."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from typing import Any, cast

from shoal.base.errors import InvalidInput
from shoal.clustering import live_algorithms
from shoal.clustering.live_algorithms import LiveAlgorithm
from shoal.live.host.sharded import ShardedKMeans
from shoal.live.model import Wish

MOST_SHARDS = 64


def check(wish: Wish) -> None:
    """Refuse shards where rows cannot be summed apart.

    Raises:
        InvalidInput: `shards_not_possible`.
    """
    if wish.shards > 1 and not _can_be_spread(wish):
        raise InvalidInput(
            "Only kmeans without flow and half_life, on vectors, can be spread over shards.",
            hint="Leave out shards.",
            code="shards_not_possible",
        )


def shards_of(wish: Wish) -> int:
    """Return over how many processes rows are spread: `shards`, or `num_cpu` when that is to be in parallel.

    What cannot be spread is not, whatever `parallel` says. Whether it is spread depends on the wish alone, so
    that a checkpoint can be read on another machine.
    """
    if wish.shards > 1 or not wish.pace.parallel or not _can_be_spread(wish):
        return wish.shards
    return min(wish.pace.num_cpu or max(2, os.cpu_count() or 2), MOST_SHARDS)


def alone(wish: Wish) -> Wish:
    """Return the same wish in one process."""
    return replace(wish, shards=1, pace=replace(wish.pace, parallel=False))


def _can_be_spread(wish: Wish) -> bool:
    fits = wish.algorithm.name == "kmeans" and not live_algorithms.is_one_pass(asdict(wish.algorithm))
    return fits and wish.algorithm.space in ("euclid", "complex")


def built(wish: Wish) -> LiveAlgorithm:
    """Return an estimator that has had no rows; raises what it says to a parameter that cannot be."""
    algorithm = asdict(wish.algorithm)
    if (shards := shards_of(wish)) > 1:
        parameters = live_algorithms.parameters(algorithm)
        return cast(LiveAlgorithm, ShardedKMeans(shards=shards, **parameters))
    return live_algorithms.build(algorithm)


def restored(wish: Wish, data: bytes, frame: Any) -> LiveAlgorithm:
    """Return an estimator that goes on from a snapshot; `frame` are the rows of one without them."""
    if shards_of(wish) > 1:
        return cast(LiveAlgorithm, ShardedKMeans.restore(data, frame))
    return live_algorithms.restore(asdict(wish.algorithm), data, frame)


def kept(before: Wish, after: Wish) -> bool:
    """Say whether an estimator can go on with its centres when what is wished changes."""
    same = shards_of(before) == shards_of(after)
    return same and live_algorithms.kept(asdict(before.algorithm), asdict(after.algorithm))


def retuned(estimator: LiveAlgorithm, before: Wish, after: Wish) -> None:
    """Change an estimator's parameters, where `kept` allows it, from its next iteration on."""
    live_algorithms.retune(estimator, asdict(before.algorithm), asdict(after.algorithm))


def closed(estimator: LiveAlgorithm | None) -> None:
    """End the processes of an estimator that has some."""
    if isinstance(estimator, ShardedKMeans):
        estimator.close()
