"""K-Means on a sliding frame of rows: one step of Lloyd's algorithm at a time."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.limits import Limits, OneOf, Table, Whole
from shoal.clustering.lloyd.state import Data
from shoal.clustering.online.adapting import adapt
from shoal.clustering.online.lanes import table_of
from shoal.clustering.online.live_clusterer import Labels, LiveClusterer
from shoal.clustering.online.partials import Assignment, data_of, moved, wanting
from shoal.clustering.online.scaling import SCALINGS, spread_of
from shoal.clustering.online.seeding import ALIASES, starting_centres
from shoal.clustering.online.snapshots import Snapshot
from shoal.clustering.online.ward import merged_down

# Which share of the frame must be new for centres to be swapped, after how many steps without rest, and how
# many rows are looked at for that.
RENEWED, PATIENCE = 0.25, 8
SAMPLE, SAMPLE_OF_ONE = 2048, 50


class FrameKMeans(LiveClusterer):
    """Cluster the last rows of a stream by Lloyd's algorithm, one step an `iterate()`.

    The centre with the lowest number wins ties. A centre whose rows have all left the frame is put on a row
    far from the others. While the frame holds fewer different rows than clusters are wanted, each has one.

    Parameters: `n_clusters`; `frame_size`: how many rows are kept (0: all); `init`: "k-means++", "random",
    "given" (the first rows; more names in `online.seeding`) or a table of centres; `scale`: divide columns by
    their spread before comparing, "none", "std" or "robust"; `max_iter`: most iterations of `fit`;
    `random_state`.

    Attributes: `cluster_centers_` (k, d), `labels_` and `counts_` of the frame, `inertia_`, `n_iter_`,
    `settled_`, `frame_`, `n_rows_seen_`, `metrics_`.

    >>> FrameKMeans(2, random_state=0).fit([[0.0], [0.2], [9.0], [9.1]]).inertia_
    0.025
    """

    _limits: ClassVar[Limits] = {
        "n_clusters": (Whole(1),),
        "frame_size": (Whole(0),),
        "init": (OneOf(tuple(ALIASES)), Table()),
        "scale": (OneOf(SCALINGS),),
        "max_iter": (Whole(1),),
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        frame_size: int = 0,
        init: str | ArrayLike = "k-means++",
        scale: str = "none",
        max_iter: int = 300,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.frame_size = frame_size
        self.init = init
        self.scale = scale
        self.max_iter = max_iter
        self.random_state = random_state

    def _forget(self) -> None:
        self._centres: Doubles = np.empty((0, int(self.n_features_in_)))
        self._rested: list[Any] = []
        self._mended = self._tried = 0
        self._seen: tuple[list[Any], Data, Doubles] | None = None
        self._assigned: tuple[Doubles, Data, Assignment] | None = None

    def iterate(self) -> bool:
        """Move every centre to the mean of the rows nearest to it; return whether there are rows."""
        self._refuse_wrong()
        frame = self._frame
        if frame is None or not len(frame):
            return False
        frame.resize(self.frame_size)
        self.n_iter_ += 1
        if not self.settled_:
            self._step()
        return True

    def _step(self) -> None:
        spread = self._data()[1]
        before = self._with_at_most_k(self._centres if len(self._centres) else self._start())
        self._centres = before
        assignment = self._assignment()
        part = assignment.partial(wanting(assignment.counts, self.n_clusters))
        scaled = before / spread if spread.size else before
        after = moved(scaled, part, self.n_clusters)
        self._centres = after * spread if spread.size else after
        at_rest = np.array_equal(before, self._centres)
        swapped = self._is_astray(at_rest) and self._swap(at_rest)
        self._rested = self._wish() if at_rest and not swapped else []

    def _is_astray(self, at_rest: bool) -> bool:
        """Say whether much of the frame is new since the centres were right, and there was time to follow.

        Lloyd's algorithm alone may end with two centres in one cluster and one between two others.
        """
        if self._frame_of().fresh(self._mended) < RENEWED:
            return False
        return at_rest or self.n_iter_ - self._tried >= PATIENCE

    def _swap(self, at_rest: bool) -> bool:
        """Let centres be swapped where that pays; return whether one moved."""
        data, spread = self._data()
        step = -(-data.packed.count // max(SAMPLE, SAMPLE_OF_ONE * len(self._centres)))
        rows = np.ascontiguousarray(data.packed.rows[::step], np.float64)
        centres = self._centres / spread if spread.size else self._centres.copy()
        masses = self._assignment().counts.copy()
        self._tried = self.n_iter_
        if not any(adapt(rows, data.weights[::step].copy(), centres, masses, table_of(centres))):
            self._mended = self._frame_of().seen if at_rest else self._mended
            return False
        self._centres = centres * spread if spread.size else centres
        return True

    def _start(self) -> Doubles:
        data, spread = self._data()
        init = self.init
        if not isinstance(init, str) and spread.size:
            init = np.asarray(init, dtype=np.float64) / spread
        rows = data.packed.rows.astype(np.float64, copy=False)
        self._mended = self._frame_of().seen
        centres = starting_centres(rows, self.n_clusters, self._random, init=init, weights=data.weights)
        return centres * spread if spread.size else centres

    def _with_at_most_k(self, centres: Doubles) -> Doubles:
        if len(centres) <= self.n_clusters:
            return centres
        return merged_down(centres, self.counts_, self.n_clusters)[0]

    def _wish(self) -> list[Any]:
        """Return what a step depends on beside the centres."""
        frame = self._frame_of()
        return [frame.seen, len(frame), int(self.n_clusters), str(self.scale)]

    def _data(self) -> tuple[Data, Doubles]:
        """Return the frame's rows, packed and scaled, and by what they were divided."""
        wish = self._wish()
        if self._seen is None or self._seen[0] != wish:
            frame = self._frame_of()
            spread = spread_of(self.scale, frame.rows, frame.weights)
            self._seen = wish, data_of(frame, spread), spread
        return self._seen[1], self._seen[2]

    def _assignment(self) -> Assignment:
        """Return the frame's rows assigned to the present centres."""
        data, spread = self._data()
        kept = self._assigned
        if kept is None or kept[0] is not self._centres or kept[1] is not data:
            centres = self._centres / spread if spread.size else self._centres
            kept = self._assigned = self._centres, data, Assignment(data, centres)
        return kept[2]

    @property
    def settled_(self) -> bool:
        """Say whether another iteration on the same rows would change nothing."""
        return self._frame is not None and bool(self._rested) and self._rested == self._wish()

    @property
    def cluster_centers_(self) -> Doubles:
        """Return the centres (k, d) in the rows' own units; k is 0 before the first iteration."""
        self._frame_of()
        return self._centres

    @property
    def counts_(self) -> Doubles:
        """Return the sum of weights (k,) of the frame's rows nearest to each centre."""
        return self._assignment().counts.copy() if self._has_both() else np.zeros(len(self.cluster_centers_))

    @property
    def inertia_(self) -> float:
        """Return the weighted sum of squared distances of the frame's rows to their centres, as compared."""
        return self._assignment().inertia if self._has_both() else 0.0

    @property
    def metrics_(self) -> dict[str, float]:
        """Return the inertia."""
        return {"inertia": self.inertia_}

    def _has_both(self) -> bool:
        return len(self._frame_of()) > 0 and len(self._centres) > 0

    def _frame_labels(self) -> Labels:
        return self._assignment().labels if self._has_both() else super()._frame_labels()

    def _distances_in(self) -> Doubles:
        return self._data()[1] if len(self._frame_of()) else np.empty(0)

    def _join(self, other: Any) -> None:
        centres = np.concatenate([self._centres, other._centres])
        counts = np.concatenate([self.counts_, other.counts_])
        self._frame_of().join(other._frame)
        self._forget()
        if len(centres):
            spread = self._distances_in()
            inner = merged_down(centres / spread if spread.size else centres, counts, self.n_clusters)[0]
            self._centres = inner * spread if spread.size else inner

    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"rested": self._rested, "mended": self._mended, "tried": self._tried}, {
            "centres": self._centres
        }

    def _recall(self, snapshot: Snapshot) -> None:
        self._forget()
        self._centres = snapshot.array("centres", np.float64, None, int(self.n_features_in_))
        self._rested = snapshot.fact("rested", list)
        self._mended, self._tried = snapshot.fact("mended", int), snapshot.fact("tried", int)
