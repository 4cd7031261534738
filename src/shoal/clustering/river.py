"""Let river's pipelines use our live clusterers: `learn_one`, `predict_one`. Needs the extra `river`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from shoal.base.extras import require
from shoal.clustering.limits import InvalidData
from shoal.clustering.streaming_clusterer import StreamingClusterer

_base: Any = require("river.base", "river")


class RiverClusterer(_base.Clusterer):
    """Cluster a stream of dictionaries by one of our live clusterers.

    Columns are the names of the first row, in alphabetical order; a name that is missing later counts as the
    mean of its values so far, and new names are left aside. Rows of no name at all teach nothing.

    Parameters: `estimator`: `OnlineKMeans`, `FrameKMeans`, `MCMCClusterer` or `StreamingClusterer`, of which
    a copy is trained (None: `StreamingClusterer()`); `every`: after how many rows it iterates.

    >>> model = RiverClusterer(StreamingClusterer(confirmed=1))
    >>> for x in ({"a": 0.0}, {"a": 9.0}, {"a": 0.1}, {"a": 9.1}, {"a": 9.0}):
    ...     model.learn_one(x)
    >>> model.predict_one({"a": 8.0}) == model.predict_one({"a": 9.5}) != model.predict_one({"a": 0.2})
    True
    """

    def __init__(self, estimator: Any = None, every: int = 1) -> None:
        self.estimator = estimator
        self.every = every
        self._model = StreamingClusterer() if estimator is None else clone(estimator)
        self._names: list[Any] = []
        self._means: NDArray[np.float64] = np.empty(0)
        self._count = 0

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"estimator": StreamingClusterer(random_state=0)}

    def learn_one(self, x: Mapping[Any, Any]) -> None:
        """Take a row in; raise `InvalidData` for a value that is not a finite number."""
        if not self._names:
            self._names = sorted(x, key=str)
            self._means = np.zeros(len(self._names))
        if not self._names:
            return
        row = self._row(x)
        self._model.absorb(row)
        self._count += 1
        self._means += (row[0] - self._means) / self._count
        if self._count % self.every == 0:
            self._model.iterate()

    def predict_one(self, x: Mapping[Any, Any]) -> int:
        """Return the number of the cluster of a row, -1 before there is any."""
        return int(self._model.predict(self._row(x))[0]) if self._count else -1

    @property
    def n_clusters(self) -> int:
        """How many clusters there are."""
        return int(self._model.n_clusters_) if self._count else 0

    @property
    def centers(self) -> dict[int, dict[Any, float]]:
        """The centre of each cluster, by names."""
        centres = self._model.cluster_centers_ if self._count else []
        return {
            number: dict(zip(self._names, centre.tolist(), strict=True))
            for number, centre in enumerate(centres)
        }

    def _row(self, x: Mapping[Any, Any]) -> NDArray[np.float64]:
        """Return a row (1, d); what is missing is the mean of what was."""
        row = self._means.copy()
        for place, name in enumerate(self._names):
            if name in x:
                row[place] = self._number(name, x[name])
        return row[None, :]

    def _number(self, name: Any, value: Any) -> float:
        if not isinstance(value, Real) or not np.isfinite(float(value)):
            raise InvalidData(f"The value {value!r} of {name!r} is not a finite number.", column=str(name))
        return float(value)
