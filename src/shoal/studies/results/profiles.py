"""What each cluster is like: sizes, means, spreads, and how far it is from the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.studies.summary import Certainty, Profile, Spread

Doubles = NDArray[np.float64]
SURE = 0.8
BINS = 20


def whole_spreads(values: Doubles, columns: Sequence[str]) -> dict[str, Spread]:
    """Return mean and standard deviation (ddof 0) of each column (n, d) over all rows."""
    means, deviations = values.mean(axis=0), values.std(axis=0)
    return {
        name: Spread(mean=float(mean), sd=float(sd), gap=0.0)
        for name, mean, sd in zip(columns, means, deviations, strict=True)
    }


def profiles(
    values: Doubles, labels: NDArray[np.int32], clusters: int, whole: dict[str, Spread]
) -> list[Profile]:
    """Return the profile of each cluster of rows (n, d), in the file's units."""
    found = []
    for cluster in range(clusters):
        members = values[labels == cluster]
        found.append(
            Profile(
                cluster=cluster + 1,
                size=len(members),
                share=len(members) / len(values),
                columns=_spreads(members, whole),
            )
        )
    return found


def _spreads(members: Doubles, whole: dict[str, Spread]) -> dict[str, Spread]:
    means, deviations = members.mean(axis=0), members.std(axis=0)
    return {
        name: Spread(mean=float(mean), sd=float(sd), gap=_gap(float(mean), of))
        for (name, of), mean, sd in zip(whole.items(), means, deviations, strict=True)
    }


def _gap(mean: float, whole: Spread) -> float:
    return (mean - whole["mean"]) / whole["sd"] if whole["sd"] > 0 else 0.0


def certainty_of(shares: NDArray[Any]) -> Certainty:
    """Sum up how sure each row's cluster is, from its responsibilities (n,)."""
    counts, _ = np.histogram(shares, bins=BINS, range=(0.0, 1.0))
    return Certainty(
        mean=float(shares.mean(dtype=np.float64)),
        between=int((shares < SURE).sum()),
        histogram=counts.tolist(),
    )
