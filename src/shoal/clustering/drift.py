"""Tell when the rows of a stream are no longer as they were, once for each time.

Watched is the distance of each row to the nearest of some centres, by ADWIN (`streaming.adwin`). These are
the model's centres at one moment, not as it goes on moving them, so the distances of a stream that stays the
same are alike, whatever the model does; they are renewed each time the number of rows has doubled, and the
old ones watch on until the new ones have seen rows enough. Only a rise is told, and then nothing until two
frames of rows have passed: the model is given time to follow, and not every part of a change is news.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.spaces.elements import as_arrays, from_arrays, gathered
from shoal.clustering.spaces.euclid import EUCLID
from shoal.clustering.spaces.space import Doubles, Elements, Space
from shoal.clustering.streaming.adwin import Adwin, Cut

Arrays = dict[str, NDArray[Any]]

RECENT, LEAST_RECENT = 512, 64  # Rows kept to start from, and how many must be there.
FIRST_TERM = 256  # Rows after which centres are first renewed, and which new ones must have seen.
SLICE = 1024
FAR = 8.0  # Distances are compared up to this many times the usual one: a single wild row deafens nobody.
LEAST_RISE = 0.25  # In standard deviations of the distances: less is no news.


class Drift(NamedTuple):
    """A rise of the usual distance to the nearest centre, noticed at a row (counted from 0 of the watch).

    Single distances count as at most `FAR` times the usual one.
    """

    row: int
    before: float
    after: float


class _Look:
    """Watch the distances to centres that stay where they are, in units of `scale`.

    They are to be renewed after `term` rows.
    """

    def __init__(self, centres: Elements, scale: float, term: int, adwin: Adwin) -> None:
        self.centres, self.scale, self.term, self.adwin = centres, scale, term, adwin
        self.rows = 0

    def feed(self, distances: Doubles) -> Cut | None:
        """Take distances up to the first rise; a fall is a change, but no news."""
        ratios = np.minimum(distances / self.scale, FAR)
        taken = 0
        while cut := self.adwin.feed(ratios[taken:]):
            taken += cut.at
            if cut.after - cut.before > LEAST_RISE * cut.deviation:
                return cut._replace(at=taken)
        self.rows += len(ratios)
        return None

    def arrays(self) -> Arrays:
        """Return the state."""
        numbers = {"scale": np.array(self.scale), "term": np.array(self.term), "rows": np.array(self.rows)}
        return as_arrays("centres", self.centres) | numbers | self.adwin.arrays()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], delta: float) -> Self:
        """Return a look that goes on from a state."""
        adwin = Adwin.from_arrays(arrays, delta)
        made = cls(from_arrays("centres", arrays), float(arrays["scale"]), int(arrays["term"]), adwin)
        made.rows = int(arrays["rows"])
        return made


class DriftWatch:
    """Watch the rows of a stream, and tell when they change.

    `frame` is how many rows the model needs to forget what was. `delta` is ADWIN's: roughly the chance taken
    of a false alarm.
    """

    def __init__(self, *, space: Space = EUCLID, frame: int = 1000, delta: float = 0.002) -> None:
        self.frame, self.delta = frame, delta
        self.rows = 0
        self._space = space
        self._recent: list[Doubles] = []
        self._rest = 0
        self._looks: list[_Look] = []

    def watch(self, rows: Elements, centres: Elements, counts: Doubles | None = None) -> list[Drift]:
        """Take new rows, with the centres found before they came; return the changes told, mostly none.

        `counts` (k,) is how many rows each centre is the mean of: nearer to these rows than to others of
        their kind. There need be no centres yet.
        """
        found: list[Drift] = []
        start = 0
        while start < len(rows):
            part = rows[start : start + min(SLICE, self._rest or SLICE)]
            cut = self._look(part, centres, counts)
            taken = cut.at if cut else len(part)
            self._remember(part[:taken])
            start += taken
            if cut:
                found.append(self._told(cut))
        return found

    def _look(self, part: Elements, centres: Elements, counts: Doubles | None) -> Cut | None:
        """Take rows, all that are waited out or all that are watched; return the change among them."""
        if self._rest:
            self._rest -= len(part)
            return None
        self._renew(centres, counts)
        found = [look.feed(self._distances(part, look.centres)) for look in self._looks]
        return found[0] if found else None

    def _distances(self, rows: Elements, centres: Elements) -> Doubles:
        return self._space.nearest(rows, centres)[1]

    def _renew(self, centres: Elements, counts: Doubles | None) -> None:
        """Begin to watch, or with the centres of now; let those watch alone that have seen rows enough."""
        if len(self._looks) == 2 and self._looks[1].rows >= FIRST_TERM:
            del self._looks[0]
        if len(self._looks) == 2 or not len(centres) or len(self._recent) < LEAST_RECENT:
            return
        if not self._looks:
            usual = self._usual(centres, counts)
            self._looks = [self._new_look(centres, usual, FIRST_TERM)]
            self._looks[0].feed(usual)
        elif self._looks[0].rows >= self._looks[0].term:
            usual = self._usual(centres, counts)
            self._looks.append(self._new_look(centres, usual, 2 * self._looks[0].term))

    def _usual(self, centres: Elements, counts: Doubles | None) -> Doubles:
        """Return the distances that the recent rows would have, had the centres been found without them."""
        labels, gaps = self._space.nearest(gathered(self._recent), centres)
        if counts is None:
            counts = np.bincount(labels, minlength=len(centres)).astype(np.float64)
        others = counts[labels] - 1.0
        return gaps[others > 0] * (1.0 + 1.0 / others[others > 0])

    def _new_look(self, centres: Elements, usual: Doubles, term: int) -> _Look:
        scale = float(usual.mean()) if usual.any() else 1.0
        kept = gathered([np.array(centre, np.float64) for centre in centres])
        return _Look(kept, scale, term, Adwin(self.delta))

    def _remember(self, rows: Elements) -> None:
        self.rows += len(rows)
        self._recent = (self._recent + [np.array(row, np.float64) for row in rows[-RECENT:]])[-RECENT:]

    def _told(self, cut: Cut) -> Drift:
        """Begin to wait; return the change in the unit of the distances."""
        scale = self._looks[0].scale
        self._looks, self._recent, self._rest = [], [], 2 * self.frame
        return Drift(self.rows - 1, cut.before * scale, cut.after * scale)

    def snapshot(self) -> Arrays:
        """Return the state as arrays; going on from it equals never having stopped."""
        numbers = np.array([self.rows, self._rest, self.frame], np.int64)
        arrays = {"numbers": numbers, "delta": np.array(self.delta)}
        arrays |= as_arrays("recent", gathered(self._recent))
        for number, look in enumerate(self._looks):
            arrays |= {f"{number}_{name}": array for name, array in look.arrays().items()}
        return arrays

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]], *, space: Space = EUCLID) -> Self:
        """Return a watch that goes on from what `snapshot` returned."""
        rows, rest, frame = (int(number) for number in arrays["numbers"])
        made = cls(space=space, frame=frame, delta=float(arrays["delta"]))
        made.rows, made._rest = rows, rest
        made._recent = list(from_arrays("recent", arrays))
        for number in range(2):
            mine = {name[2:]: array for name, array in arrays.items() if name.startswith(f"{number}_")}
            if mine:
                made._looks.append(_Look.from_arrays(mine, made.delta))
        return made
