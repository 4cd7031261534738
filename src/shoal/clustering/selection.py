"""Choose among scored fits: the best k of each mode, the best of all, and what is to be said about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Generic, Literal, Protocol, TypeVar

from shoal.clustering.modes import MODE_NAMES

Select = Literal["best", "mean"]
SELECTS: tuple[Select, ...] = ("best", "mean")


class Scored(Protocol):
    """A fit as far as choosing needs it; `mode` is a name such as `diag-tied`, `bic` in the study's sign."""

    @property
    def experiment(self) -> int:
        """Number the repeat that the fit belongs to."""

    @property
    def k(self) -> int:
        """Count the clusters asked for."""

    @property
    def mode(self) -> str:
        """Name the covariance mode."""

    @property
    def bic(self) -> float:
        """Score the fit, higher is better."""

    @property
    def smallest(self) -> float:
        """Measure the smallest of the k clusters, 0 if one is empty."""

    @property
    def degenerate(self) -> bool:
        """Say whether a cluster lies on a line or a point, so that the score means nothing."""


R = TypeVar("R", bound=Scored)


@dataclass(frozen=True)
class Choice(Generic[R]):
    """Hold a mode's recommended k.

    `value` is what decided: the largest BIC, or the largest mean BIC over repeats. `fit` is the fit to show:
    the one with that BIC, or with the BIC nearest to that mean.
    """

    mode: str
    k: int
    value: float
    fit: R


@dataclass(frozen=True)
class Note:
    """Say one thing a reader must know of a recommendation; `code` is stable.

    Codes: `degenerate-left-out`, `nothing-passes`, `one-group`, `edge`, `edge-of-mode`, `modes-disagree`,
    `no-clear-winner`.
    """

    code: str
    text: str


@dataclass(frozen=True)
class Recommendation(Generic[R]):
    """Hold what is recommended.

    `best` is None when no fit qualifies; `per_mode` has only modes with a fit that does. `wins` counts by k
    the repeats whose best fit has that k; `share` is the part of them that `best` won. `gap` is how much
    better its BIC is than that of the best other k, over all modes; None when nothing else was tried.
    """

    best: Choice[R] | None
    per_mode: dict[str, Choice[R]]
    wins: dict[int, int]
    share: float
    gap: float | None
    runner_up: int | None
    notes: tuple[Note, ...]


def usual_min_members(rows: float) -> int:
    """Return the least size of a cluster to recommend: 30, or 5% of few rows, but 2 unless there is one."""
    return min(max(2, min(30, int(rows * 0.05))), max(int(rows), 1))


def count_sentence(sizes: Sequence[float]) -> str:
    """Say in plain words how many groups there are, from their sizes in descending order.

    >>> count_sentence([151, 123, 68])
    'Your data falls into 3 groups (clusters) of 151, 123 and 68 rows.'
    """
    if len(sizes) < 2:
        return "Your data looks like one group: no split scored better than leaving it whole."
    words = [f"{size:,.10g}" for size in sizes]
    listed = f"{', '.join(words[:-1])} and {words[-1]}"
    if len(words) > 5:
        listed = f"{words[0]} down to {words[-1]}"
    return f"Your data falls into {len(sizes)} groups (clusters) of {listed} rows."


def qualifies(fit: Scored, min_members: float) -> bool:
    """Say whether a fit may be recommended: no cluster too small, none degenerate."""
    return fit.smallest >= min_members and not fit.degenerate


def recommend(results: Iterable[R], select: Select, min_members: float) -> Recommendation[R]:
    """Recommend a fit for each mode and over all, among those with at least `min_members` in every cluster.

    `select` is "best" for the single largest BIC, or "mean" for the k whose mean BIC over repeats is largest.
    Ties go to the smaller k, then to the mode named first in `MODES`, then to the earlier repeat, so the
    order of `results` does not matter.
    """
    ordered = sorted(results, key=lambda fit: (fit.k, _place(fit.mode), fit.experiment))
    eligible = [fit for fit in ordered if qualifies(fit, min_members)]
    per_mode = {}
    for mode in sorted({fit.mode for fit in eligible}, key=_place):
        per_mode[mode] = _choose(mode, [fit for fit in eligible if fit.mode == mode], select)
    best = max(per_mode.values(), key=lambda choice: (choice.value, -choice.k), default=None)
    wins = _wins(eligible)
    gap, runner_up = _gap(best, eligible, select)
    return Recommendation(
        best=best,
        per_mode=per_mode,
        wins=wins,
        share=wins.get(best.k, 0) / sum(wins.values()) if best else 0.0,
        gap=gap,
        runner_up=runner_up,
        notes=tuple(_notes(best, per_mode, gap, runner_up, ordered, min_members)),
    )


def _place(mode: str) -> int:
    return MODE_NAMES.index(mode) if mode in MODE_NAMES else len(MODE_NAMES)


def _choose(mode: str, fits: Sequence[R], select: Select) -> Choice[R]:
    """Return the choice for one mode, of fits sorted by k."""
    if select == "best":
        fit = max(fits, key=lambda one: one.bic)
        return Choice(mode, fit.k, fit.bic, fit)
    means = _means(fits)
    k = max(means, key=lambda k: means[k])
    fit = min((one for one in fits if one.k == k), key=lambda one: abs(one.bic - means[k]))
    return Choice(mode, k, means[k], fit)


def _means(fits: Sequence[R]) -> dict[int, float]:
    return {k: fmean(fit.bic for fit in fits if fit.k == k) for k in sorted({fit.k for fit in fits})}


def _wins(eligible: Sequence[R]) -> dict[int, int]:
    """Count by k the repeats that it won, most wins first."""
    leaders: dict[int, R] = {}
    for fit in eligible:
        leader = leaders.get(fit.experiment)
        if leader is None or fit.bic > leader.bic:
            leaders[fit.experiment] = fit
    counted = Counter(fit.k for fit in leaders.values())
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _gap(best: Choice[R] | None, eligible: Sequence[R], select: Select) -> tuple[float | None, int | None]:
    """Return how far the best other k lies behind, and which it is."""
    others = [fit for fit in eligible if best is not None and fit.k != best.k]
    if best is None or not others:
        return None, None
    choices = [
        _choose(mode, [fit for fit in others if fit.mode == mode], select)
        for mode in sorted({fit.mode for fit in others}, key=_place)
    ]
    second = max(choices, key=lambda choice: choice.value)
    return best.value - second.value, second.k


def _notes(
    best: Choice[R] | None,
    per_mode: dict[str, Choice[R]],
    gap: float | None,
    runner_up: int | None,
    tried: Sequence[R],
    min_members: float,
) -> Iterable[Note]:
    if best is None:
        text = f"No fit has all clusters at {min_members:g} rows or more. Allow smaller clusters."
        yield Note("nothing-passes", text)
        return
    largest = max(fit.k for fit in tried)
    ks = sorted({choice.k for choice in per_mode.values()})
    if best.k == 1 < largest:
        yield Note("one-group", "There are no groups: no split scored better than leaving the data whole.")
    elif best.k == largest:
        yield Note("edge", f"{largest} is the largest number tried; the real number may be higher.")
    else:
        yield from _edge_of_modes(per_mode, largest)
    if len(ks) > 1:
        text = f"Other shapes suggest {ks[0]} to {ks[-1]}; the best-scoring one is used."
        yield Note("modes-disagree", text)
    if any(fit.degenerate and fit.smallest >= min_members and fit.bic > best.fit.bic for fit in tried):
        text = "Fits whose clusters hold only repeated values, or lie on a line, were left out."
        yield Note("degenerate-left-out", text)
    if gap is not None and gap < 1:
        yield Note("no-clear-winner", f"{best.k} and {runner_up} score about the same. Look at both.")


def _edge_of_modes(per_mode: dict[str, Choice[R]], largest: int) -> Iterable[Note]:
    """Note the modes whose own best k is the largest tried, where the overall best is not."""
    edge = [mode for mode, choice in per_mode.items() if choice.k == largest > 1]
    if edge:
        text = f"For {', '.join(edge)}, {largest} is the largest number tried; more may score better."
        yield Note("edge-of-mode", text)
