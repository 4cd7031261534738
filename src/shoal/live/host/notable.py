"""Which changes of clusters are news: specks that come and go with a few rows are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shoal.clustering.identity import Change

LEAST_SHARE = 0.01  # of the rows of all clusters
# Of few rows a single one is a large share: so many make a cluster, or a share that no speck has.
ENOUGH_ROWS, ENOUGH_SHARE = 5, 0.1


class Notable:
    """Remember the clusters that were told of; one is told of when it first holds enough rows."""

    def __init__(self, known: Iterable[int] = ()) -> None:
        self._known = set(known)

    @property
    def known(self) -> list[int]:
        """Return the clusters that were told of and live."""
        return sorted(self._known)

    def of(self, changes: Sequence[Change], ids: Sequence[int], rows: Sequence[float]) -> list[Change]:
        """Return what is news of changes, given the clusters there are now; in the order of ids."""
        gone = [self._gone(change) for change in changes if change.kind in ("death", "merge")]
        origins = {change.id: change.other for change in changes if change.kind == "split"}
        total = sum(rows)
        enough = max(LEAST_SHARE * total, min(ENOUGH_ROWS, ENOUGH_SHARE * total))
        large = [id for id, n in zip(ids, rows, strict=True) if n >= enough and id not in self._known]
        come = [self._come(id, origins.get(id)) for id in large]
        self._known.update(large)
        return sorted([change for change in gone if change is not None] + come, key=lambda one: one.id)

    def _gone(self, change: Change) -> Change | None:
        if change.id not in self._known:
            return None
        self._known.discard(change.id)
        return change if change.other is None or change.other in self._known else Change("death", change.id)

    def _come(self, id: int, origin: int | None) -> Change:
        return Change("birth", id) if origin not in self._known else Change("split", id, origin)
