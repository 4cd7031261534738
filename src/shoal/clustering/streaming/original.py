"""Follow the original's rule: a row near its centre moves it, one that is far becomes a centre.

Near and far are relative to M, the greatest distance met so far. The first row is a centre; for each other
row, of distance D to the nearest of all centres, with r = D / M (M = D while M is 0, and 0 / 0 = 0):

    after `out_after` rows, r > out_ratio:   a new centre, M stays as it is     (an outlier)
    a draw from Normal(mu, sigma) below r:   a new centre, M = max(M, D)
    else:                                    the centre moves to the mean of its rows, M = max(M, D)

Its flaws are kept, for parity: what it finds depends on the order of rows, and above all on the first two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.streaming.micros import nearest_column

USED, FARTHEST, COUNT = 0, 1, 2  # Places in `numbers`; the count is of rows after the first.
FIRST_ROOM = 64


class Rule(NamedTuple):
    """The numbers of the rule: `mu` and `sigma` (a deviation) of the draws, and when a row is an outlier."""

    mu: float = 0.5
    sigma: float = 0.1
    out_ratio: float = 2.0
    out_after: int = 5


@kernel
def is_far(relative: float, draw: float, numbers: Doubles, rule: Rule) -> tuple[bool, bool]:
    """Say whether a row at a relative distance becomes a centre, and whether as an outlier."""
    if numbers[COUNT] >= rule.out_after and relative > rule.out_ratio:
        return True, True
    return rule.mu + rule.sigma * draw < relative, False


@kernel
def _follow(
    rows: Doubles,
    weights: Doubles,
    draws: Doubles,
    rule: Rule,
    centres: Doubles,
    cards: Doubles,
    numbers: Doubles,
) -> int:
    """Take rows up to one that there is no room for; return how many. `draws` (n,) are standard normal."""
    d, size = centres.shape
    gaps = np.empty(size)
    for i in range(rows.shape[0]):
        used = int(numbers[USED])
        weight = weights[i] if weights.shape[0] > 0 else 1.0
        if weight <= 0.0:
            continue
        new, outlier, near, distance = True, True, 0, 0.0
        if used > 0:
            near = nearest_column(rows[i], centres, used, gaps)
            distance = np.sqrt(gaps[near])
            farthest = numbers[FARTHEST] if numbers[FARTHEST] > 0.0 else distance
            new, outlier = is_far(distance / farthest if farthest > 0.0 else 0.0, draws[i], numbers, rule)
        if new and used == size:
            return i
        if new:
            centres[:, used] = rows[i]
            cards[used] = weight
            numbers[USED] = used + 1.0
        else:
            total = cards[near] + weight
            for j in range(d):
                centres[j, near] = (cards[near] * centres[j, near] + weight * rows[i, j]) / total
            cards[near] = total
        if not outlier:
            numbers[FARTHEST] = max(numbers[FARTHEST], distance)
        if used > 0:
            numbers[COUNT] += 1.0
    return int(rows.shape[0])


class Follower:
    """Centres that follow a stream by the original's rule; at `most`, the nearest two become one."""

    def __init__(self, columns: int, most: int) -> None:
        self.most = most
        self._centres = np.zeros((columns, min(FIRST_ROOM, most)))
        self._cards = np.zeros(self._centres.shape[1])
        self._numbers = np.zeros(3)

    @property
    def used(self) -> int:
        """How many centres there are."""
        return int(self._numbers[USED])

    @property
    def farthest(self) -> float:
        """The greatest distance met, M."""
        return float(self._numbers[FARTHEST])

    @property
    def centres(self) -> Doubles:
        """The centres (k, d)."""
        return np.ascontiguousarray(self._centres[:, : self.used].T)

    @property
    def cards(self) -> Doubles:
        """How many rows (k,) each centre is the mean of, by weight."""
        return self._cards[: self.used].copy()

    def follow(self, rows: Doubles, weights: Doubles, draws: Doubles, rule: Rule) -> None:
        """Take rows (n, d) in turn, with weights (n,) or none, and a standard normal draw (n,) for each."""
        start = 0
        while True:
            state = self._centres, self._cards, self._numbers
            start += _follow(rows[start:], weights[start:], draws[start:], rule, *state)
            if start == len(rows):
                return
            self._make_room()

    def _make_room(self) -> None:
        if len(self._cards) < self.most:
            self._enlarge(min(2 * len(self._cards), self.most))
        else:
            self.merge_nearest()

    def _enlarge(self, size: int) -> None:
        more = size - len(self._cards)
        self._centres = np.pad(self._centres, ((0, 0), (0, more)))
        self._cards = np.pad(self._cards, (0, more))

    def merge_nearest(self) -> None:
        """Make one of the two centres that lie nearest together, if there are two."""
        if self.used < 2:
            return
        gaps = squareform(pdist(self._centres[:, : self.used].T))
        np.fill_diagonal(gaps, np.inf)
        b, a = sorted(int(place) for place in np.unravel_index(gaps.argmin(), gaps.shape))
        pair, cards = [a, b], self._cards[[a, b]]
        self._centres[:, b] = self._centres[:, pair] @ cards / cards.sum()
        self._cards[b] = cards.sum()
        last = self.used - 1
        self._centres[:, a:last] = self._centres[:, a + 1 : last + 1].copy()
        self._cards[a:last] = self._cards[a + 1 : last + 1].copy()
        self._numbers[USED] = last

    def take_in(self, other: Follower) -> None:
        """Take over what another stream's centres have found; M is the greater."""
        used = self.used + other.used
        if used > len(self._cards):
            self._enlarge(used)
        self._centres[:, self.used : used] = other._centres[:, : other.used]
        self._cards[self.used : used] = other._cards[: other.used]
        count = self._numbers[COUNT] + other._numbers[COUNT]
        self._numbers[:] = used, max(self.farthest, other.farthest), count
        self.bound(self.most)

    def bound(self, most: int) -> None:
        """Have no more than `most` centres from now on."""
        self.most = most
        while self.used > most:
            self.merge_nearest()
        if len(self._cards) > most:
            self._centres = np.ascontiguousarray(self._centres[:, :most])
            self._cards = self._cards[:most].copy()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state."""
        return {
            "centres": self._centres.copy(),
            "cards": self._cards.copy(),
            "numbers": self._numbers.copy(),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], most: int) -> Self:
        """Return centres that go on from a state."""
        made = cls(arrays["centres"].shape[0], most)
        made._centres = np.ascontiguousarray(arrays["centres"])
        made._cards, made._numbers = arrays["cards"].copy(), arrays["numbers"].copy()
        return made
