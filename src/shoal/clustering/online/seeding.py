"""Choose the centres that a live clusterer starts from.

`given` takes the first rows (or the centres that are given), `random` rows by chance, `k-means++` rows far
from one another: by squared distance, several tries each (see `lloyd.plusplus`); with power 1 by distance,
one try each, as distclus does. The older systems' names are accepted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike

from shoal.clustering.kernels.packing import Doubles, centring_offset, pack
from shoal.clustering.limits import InvalidData, InvalidParameter
from shoal.clustering.lloyd.plusplus import Seeding

ALIASES = {
    "random": "random",
    "rand": "random",
    "given": "given",
    "oc": "given",
    "kmeans_pp": "k-means++",
    "kmeanspp": "k-means++",
    "kmeans++": "k-means++",
    "k-means++": "k-means++",
    "pp": "k-means++",
}


def initialiser(name: str) -> str:
    """Return the one name of an initialiser: `random`, `given` or `k-means++`."""
    try:
        return ALIASES[name.lower()]
    except (KeyError, AttributeError):
        raise InvalidParameter(
            f"There is no initialiser {name!r}.", hint=f"Choose among: {', '.join(ALIASES)}."
        ) from None


def starting_centres(
    rows: Doubles,
    k: int,
    random: RandomState,
    *,
    init: str | ArrayLike = "k-means++",
    weights: Doubles | None = None,
    power: int = 2,
    strict: bool = False,
) -> Doubles:
    """Return starting centres (k, d), no two alike, out of rows (n, d): fewer when fewer rows are unlike.

    `init` is a name or a table of centres. Rows of weight 0 are not chosen. With `strict`, raises
    `InvalidData` when there are fewer rows than `k`; always when `k` is below 1.
    """
    if k < 1 or (strict and len(rows) < k):
        raise InvalidData(f"{len(rows)} rows cannot give {k} starting centres.", hint="Give more rows.")
    if not isinstance(init, str):
        return given_centres(init, rows.shape[1])[:k].copy()
    masses = np.empty(0) if weights is None else weights
    if masses.size:
        rows, masses = rows[masses > 0], masses[masses > 0]
    chosen: Doubles = rows[_chosen(initialiser(init), rows, masses, k, random, power)]
    return chosen[distinct_places(chosen, k)]


def _chosen(name: str, rows: Doubles, weights: Doubles, k: int, random: RandomState, power: int) -> Any:
    if name == "given" or not len(rows):
        return distinct_places(rows, k)
    if name == "k-means++" and power == 1:
        return _by_distance(rows, weights, k, random)
    seeding = Seeding(pack(np.ascontiguousarray(rows), centring_offset(rows)), weights)
    return (seeding.random if name == "random" else seeding.plus_plus)(k, random)


def _by_distance(rows: Doubles, weights: Doubles, k: int, random: RandomState) -> list[int]:
    """Draw rows with a chance proportional to their distance from those drawn, in one try each."""
    masses = weights if weights.size else np.ones(len(rows))
    chosen = [int(random.choice(len(rows), p=masses / masses.sum()))]
    gaps = np.linalg.norm(rows - rows[chosen[0]], axis=1)
    while len(chosen) < k and (total := float((masses * gaps).sum())) > 0:
        chosen.append(int(random.choice(len(rows), p=masses * gaps / total)))
        gaps = np.minimum(gaps, np.linalg.norm(rows - rows[chosen[-1]], axis=1))
    return chosen


def given_centres(centres: ArrayLike, columns: int) -> Doubles:
    """Return a table of centres (m, d) as it was given; raise `InvalidParameter` for what cannot be one."""
    try:
        table: Doubles = np.array(centres, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidParameter(f"The starting centres are no table of numbers: {error}.") from error
    if table.ndim != 2 or not len(table) or table.shape[1] != columns:
        raise InvalidParameter(
            f"The starting centres have shape {table.shape}.", hint=f"It must be (k, {columns})."
        )
    if not np.isfinite(table).all():
        raise InvalidParameter("The starting centres hold values that are not finite.")
    return table


def distinct_places(rows: Doubles, most: int) -> list[int]:
    """Return the places of the first rows that differ from one another, `most` at the most."""
    seen: dict[bytes, int] = {}
    for place, row in enumerate(rows):
        seen.setdefault((row + 0.0).tobytes(), place)
        if len(seen) == most:
            break
    return list(seen.values())
