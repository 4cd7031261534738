"""Sum a stream up in a bounded number of micro-clusters.

A row is absorbed by the nearest micro-cluster if that costs no more inertia than `width`, else it becomes
one. When there is no room, old ones are forgotten, or the pairs that cost least are merged, and `width` is
the highest price paid for it: within a round cluster every price is about the same, whatever the sizes and
the number of columns, so one number does. Means are kept by column, so that the search runs over
neighbouring numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles

USED, WIDTH, NOW = 0, 1, 2  # Places in `numbers`.
CROWDED, ROOMY = 0.75, 0.5  # Merge when more than so much is in use, down to so much.
FORGOTTEN = 0.5  # Of one row.
NARROWING = 0.7


@kernel
def nearest_column(row: Doubles, means: Doubles, used: int, gaps: Doubles) -> int:
    """Return which of the first columns of `means` (d, size) is nearest; write squared distances (size,)."""
    gaps[:used] = 0.0
    for j in range(means.shape[0]):
        value = row[j]
        for m in range(used):
            gap = value - means[j, m]
            gaps[m] += gap * gap
    best = 0
    for m in range(1, used):
        if gaps[m] < gaps[best]:
            best = m
    return best


@kernel
def _absorb(
    rows: Doubles,
    weights: Doubles,
    halving: float,
    means: Doubles,
    mass: Doubles,
    inner: Doubles,
    touched: Doubles,
    numbers: Doubles,
) -> int:
    """Take rows up to one that there is no room for; return how many. `halving` is halvings in a row."""
    d, size = means.shape
    gaps = np.empty(size)
    for i in range(rows.shape[0]):
        used = int(numbers[USED])
        weight = weights[i] if weights.shape[0] > 0 else 1.0
        if weight <= 0.0:
            continue
        m, cost = 0, np.inf
        if used > 0:
            m = nearest_column(rows[i], means, used, gaps)
            if halving > 0.0:
                left = 2.0 ** (-(numbers[NOW] + 1.0 - touched[m]) * halving)
                mass[m] *= left
                inner[m] *= left
                touched[m] = numbers[NOW] + 1.0
            cost = weight * mass[m] / (mass[m] + weight) * gaps[m]
        if cost <= numbers[WIDTH]:
            mass[m] += weight
            inner[m] += cost
            share = weight / mass[m]
            for j in range(d):
                means[j, m] += share * (rows[i, j] - means[j, m])
        elif used == size:
            return i
        else:
            for j in range(d):
                means[j, used] = rows[i, j]
            mass[used], inner[used], touched[used] = weight, 0.0, numbers[NOW] + 1.0
            numbers[USED] = used + 1.0
        numbers[NOW] += 1.0
    return int(rows.shape[0])


@kernel
def _price(means: Doubles, mass: Doubles, a: int, b: int) -> float:
    gap = 0.0
    for j in range(means.shape[0]):
        gap += (means[j, a] - means[j, b]) ** 2
    return float(mass[a] * mass[b] / (mass[a] + mass[b]) * gap)


@kernel
def _merge_cheapest(
    means: Doubles, mass: Doubles, inner: Doubles, touched: Doubles, used: int, most: int
) -> float:
    """Merge the cheapest pairs until `most` micro-clusters are left, in front; return the highest price."""
    prices = np.full((used, used), np.inf)
    for a in range(used):
        for b in range(a):
            prices[a, b] = _price(means, mass, a, b)
    highest = 0.0
    while used > most:
        a, b = 1, 0
        for i in range(used):
            for j in range(i):
                if prices[i, j] < prices[a, b]:
                    a, b = i, j
        highest = max(highest, prices[a, b])
        inner[b] += inner[a] + prices[a, b]
        total = mass[a] + mass[b]
        for j in range(means.shape[0]):
            means[j, b] = (mass[a] * means[j, a] + mass[b] * means[j, b]) / total
        mass[b] = total
        touched[b] = max(touched[a], touched[b])
        used -= 1
        if a != used:
            means[:, a] = means[:, used]
            mass[a], inner[a], touched[a] = mass[used], inner[used], touched[used]
        for m in (a, b):
            for other in range(used):
                if other != m:
                    prices[max(m, other), min(m, other)] = _price(means, mass, m, other)
    return highest


class Cells(NamedTuple):
    """Micro-clusters as they are at one moment: mass (m,), mean (m, d), and inertia within (m,)."""

    mass: Doubles
    means: Doubles
    inner: Doubles


class Micros:
    """At most `size` micro-clusters of rows (d,), which lose half of their mass every `half_life` rows."""

    def __init__(self, columns: int, size: int, half_life: float | None = None) -> None:
        self.half_life = half_life
        self._means = np.zeros((columns, size))
        self._mass, self._inner, self._touched = np.zeros(size), np.zeros(size), np.zeros(size)
        self._numbers = np.zeros(3)

    @property
    def size(self) -> int:
        """How many there may be."""
        return len(self._mass)

    @property
    def used(self) -> int:
        """How many there are."""
        return int(self._numbers[USED])

    @property
    def width(self) -> float:
        """What absorbing a row may cost."""
        return float(self._numbers[WIDTH])

    def absorb(self, rows: Doubles, weights: Doubles) -> None:
        """Take rows (n, d) in, with weights (n,) or none."""
        start = self.absorb_until_full(rows, weights)
        while start < len(rows):
            self.make_room()
            start += self.absorb_until_full(rows[start:], weights[start:])

    def absorb_until_full(self, rows: Doubles, weights: Doubles) -> int:
        """Take rows in up to one that there is no room for; return how many."""
        halving = 1.0 / self.half_life if self.half_life else 0.0
        state = self._means, self._mass, self._inner, self._touched, self._numbers
        return _absorb(rows, weights, halving, *state)

    def make_room(self) -> None:
        """Forget what is too old, and merge the cheapest pairs if that leaves no room."""
        self._age()
        if self.half_life:
            self._keep(self._mass[: self.used] >= FORGOTTEN)
        self._merge_to(int(ROOMY * self.size), if_above=int(CROWDED * self.size))

    def _merge_to(self, most: int, if_above: int) -> None:
        most = max(most, 1)
        if self.used <= max(if_above, most):
            return
        state = self._means, self._mass, self._inner, self._touched
        price = _merge_cheapest(*state, self.used, most)
        kept = self.width * (NARROWING if self.half_life else 1.0)
        self._numbers[USED], self._numbers[WIDTH] = most, max(price, kept)

    def _age(self) -> None:
        """Bring the masses to what they are now."""
        if self.half_life:
            left = self._left()
            self._mass[: self.used] *= left
            self._inner[: self.used] *= left
            self._touched[: self.used] = self._numbers[NOW]

    def _left(self) -> Doubles:
        left: Doubles = np.exp2(
            (self._touched[: self.used] - self._numbers[NOW]) / (self.half_life or np.inf)
        )
        return left

    def _keep(self, wanted: NDArray[np.bool_]) -> None:
        places = np.flatnonzero(wanted)
        if places.size == 0:
            places = np.array([self._mass[: self.used].argmax()])
        self._means[:, : places.size] = self._means[:, places]
        for array in (self._mass, self._inner, self._touched):
            array[: places.size] = array[places]
        self._numbers[USED] = places.size

    def cells(self) -> Cells:
        """Return what there is, with the masses of now."""
        left = self._left()
        used = self.used
        means = np.ascontiguousarray(self._means[:, :used].T)
        return Cells(self._mass[:used] * left, means, self._inner[:used] * left)

    def rescale(self, ratio: Doubles) -> None:
        """Divide columns by a ratio (d,) more than so far; inertia follows as well as it can."""
        before = float((self._means[:, : self.used].var(axis=1)).sum())
        self._means /= ratio[:, None]
        after = float((self._means[:, : self.used].var(axis=1)).sum())
        factor = after / before if before > 0 else 1.0
        self._inner *= factor
        self._numbers[WIDTH] *= factor

    @classmethod
    def joined(cls, parts: Sequence[Micros], size: int, half_life: float | None) -> Self:
        """Return the micro-clusters of several streams as those of one, as if of the same moment."""
        made = cls(parts[0]._means.shape[0], max(size, sum(part.used for part in parts)), half_life)
        cells = [part.cells() for part in parts]
        used = sum(len(one.mass) for one in cells)
        made._means[:, :used] = np.concatenate([one.means for one in cells]).T
        made._mass[:used] = np.concatenate([one.mass for one in cells])
        made._inner[:used] = np.concatenate([one.inner for one in cells])
        now = max(float(part._numbers[NOW]) for part in parts)
        made._touched[:used] = now
        made._numbers[:] = used, max(part.width for part in parts), now
        made._merge_to(size, if_above=size)
        return made._cut(size)

    def _cut(self, size: int) -> Self:
        self._means = np.ascontiguousarray(self._means[:, :size])
        self._mass, self._inner = self._mass[:size].copy(), self._inner[:size].copy()
        self._touched = self._touched[:size].copy()
        return self

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state."""
        return {
            "micro_means": self._means.copy(),
            "micro_mass": self._mass.copy(),
            "micro_inner": self._inner.copy(),
            "micro_touched": self._touched.copy(),
            "micro_numbers": self._numbers.copy(),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], half_life: float | None) -> Self:
        """Return micro-clusters that go on from a state."""
        columns, size = arrays["micro_means"].shape
        made = cls(columns, size, half_life)
        made._means = np.ascontiguousarray(arrays["micro_means"])
        made._mass, made._inner = arrays["micro_mass"].copy(), arrays["micro_inner"].copy()
        made._touched, made._numbers = arrays["micro_touched"].copy(), arrays["micro_numbers"].copy()
        return made
