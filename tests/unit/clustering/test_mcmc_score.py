"""The search's score, cells and merges are what their formulas say; so are the older methods' ratios."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np
import pytest
from numpy.random import PCG64, RandomState
from scipy.stats import multivariate_t

from shoal.clustering.mcmc.agglomeration import best_level, merge_path, start_pooled
from shoal.clustering.mcmc.dimension import effective_dimension
from shoal.clustering.mcmc.engine import Knobs
from shoal.clustering.mcmc.original import Original, calibrate
from shoal.clustering.mcmc.score import Terms, Yardstick, merge_gains, pooled_variance
from shoal.clustering.mcmc.search import Search
from shoal.clustering.mcmc.student import original_log_density, student_log_density
from shoal.clustering.mcmc.textbook import Textbook

Table = np.ndarray[Any, Any]
Draw = Callable[..., Table]


@pytest.fixture
def blobs() -> Draw:
    """Return a function that draws rows of round blobs that overlap more or less."""

    def blobs(n: int, d: int, k: int, gap: float, seed: int = 0) -> Table:
        random = np.random.default_rng(seed)
        middles = gap * random.normal(size=(k, d)) / np.sqrt(d)
        return np.asarray(middles[random.integers(0, k, n)] + random.normal(size=(n, d)))

    return blobs


def by_hand(rows: Table, weights: Table, labels: Table, terms: Terms) -> float:
    """Return the score of labelled rows, from its formula."""
    losses, masses = [], []
    for j in np.unique(labels):
        mine, w = rows[labels == j], weights[labels == j]
        mean = np.average(mine, axis=0, weights=w)
        losses.append(float((w * np.square(mine - mean).sum(axis=1)).sum()))
        masses.append(float(w.sum()))
    n = sum(masses)
    pooled = max(terms.floor, (sum(losses) / n + terms.grain) / terms.e)
    score = 0.0
    for mass, loss in zip(masses, losses, strict=True):
        variance = max(terms.floor, (loss / terms.e + mass * terms.grain / terms.e + pooled) / (mass + 1))
        score += -terms.weight * mass * log(variance / terms.spread) + mass * log(mass / n) - terms.price
    return score


@pytest.mark.parametrize(("d", "k", "gap"), [(1, 3, 4.0), (2, 9, 5.0), (10, 6, 3.0), (40, 12, 9.0)])
def test_cells_and_score_follow_every_move_exactly(d: int, k: int, gap: float, blobs: Draw) -> None:
    rows, weights = blobs(900, d, k, gap), np.random.default_rng(1).integers(1, 4, 900).astype(float)
    search = Search(Knobs(max_k=16), RandomState(PCG64(3)))
    search.sync(rows, weights, 1.0)
    for _ in range(500):
        search.iterate()
        chain = search.chain
        used = chain.slots.used
        gaps = np.linalg.norm(chain.rows[:, None] - chain.slots.references[used][None], axis=2)
        near = gaps[np.arange(len(rows)), search.labels()]
        assert (near <= gaps.min(axis=1) * (1 + 1e-9)).all()
        assert 1 <= len(used) <= 16
        assert chain.score == pytest.approx(
            by_hand(chain.rows, weights, search.labels(), chain.terms), rel=1e-9
        )


def test_a_merge_gains_what_the_score_says(blobs: Draw) -> None:
    rows = blobs(400, 3, 5, 4.0)
    labels = np.random.default_rng(2).integers(0, 6, 400)
    terms = Yardstick(400.0, 3, 2.0, 0.01).terms(1.0, 1.0, 2.5)

    def cells(labels: Table) -> tuple[Table, Table, Table]:
        groups = [rows[labels == j] for j in np.unique(labels)]
        means = np.array([group.mean(axis=0) for group in groups])
        losses = [np.square(group - group.mean(axis=0)).sum() for group in groups]
        return np.array([float(len(group)) for group in groups]), means, np.array(losses)

    def score(labels: Table, pooled: float) -> float:
        total = 0.0
        for mass, _, loss in zip(*cells(labels), strict=True):
            variance = (loss / terms.e + mass * terms.grain / terms.e + pooled) / (mass + 1)
            total += (
                -terms.weight * mass * log(variance / terms.spread) + mass * log(mass / 400) - terms.price
            )
        return total

    mass, means, loss = cells(labels)
    pooled = float(pooled_variance(float(loss.sum()), terms))
    gains = merge_gains(mass, means, loss, terms)
    for a in range(6):
        for b in range(a + 1, 6):
            merged = np.where(labels == b, a, labels)
            assert gains[a, b] == pytest.approx(score(merged, pooled) - score(labels, pooled), rel=1e-9)
    pairs, scores = merge_path(mass, means, loss, pooled, terms)
    merged = labels.copy()
    for level, (a, b) in enumerate(pairs, start=1):
        merged[merged == b] = a
        assert scores[level] == pytest.approx(by_hand(rows, np.ones(400), merged, terms), rel=1e-9)


def test_pieces_of_blobs_are_put_together_again() -> None:
    random = np.random.default_rng(0)
    middles = np.repeat([[0.0, 0.0], [30.0, 0.0], [0.0, 30.0]], 5, axis=0)
    mass, loss = np.full(15, 40.0), np.full(15, 40.0)
    means = middles + random.normal(size=(15, 2))
    terms = Yardstick(600.0, 2, 100.0, 0.0).terms(1.0, 1.0, 2.0)
    level = best_level(mass, means, loss, start_pooled(loss, terms), terms, 15)
    assert level.groups.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert level.mass.tolist() == [200.0] * 3
    assert best_level(mass, means, loss, start_pooled(loss, terms), terms, 2).count == 2


@pytest.mark.parametrize("d", [1, 3, 10, 60, 300])
def test_round_rows_are_wide_in_all_directions_and_flat_ones_in_few(d: int) -> None:
    random = np.random.default_rng(d)
    rows, labels = random.normal(size=(600, d)), random.integers(0, 3, 600)
    assert effective_dimension(rows, labels, 3) == pytest.approx(0.9 * d, rel=0.1)
    rows[:, 2:] *= 1e-3
    assert effective_dimension(rows, labels, 3) == pytest.approx(0.9 * min(d, 2), rel=0.1)
    assert effective_dimension(np.zeros((9, d)), np.zeros(9, np.int64), 1) == d


ANCHORS = [
    ((1.2, 3.1, 5.8), (1, 3.4, 5.4), 0.319520),
    ((9.7, 9.8, 11.6), (10, 9.2, 12.3), 0.0286968),
    ((-4.4, -1.9, -2.3), (-4.3, -1.2, -3), 0.0253301),
]


@pytest.mark.parametrize(("row", "middle", "density"), ANCHORS)
def test_the_originals_density_is_what_its_own_tests_expect(row: Any, middle: Any, density: float) -> None:
    square = np.square(np.subtract(row, middle)).sum(keepdims=True)
    assert np.exp(original_log_density(square, 3, 3, 8))[0] == pytest.approx(density, abs=1e-6)


def test_the_originals_window_of_amp() -> None:
    found = calibrate(columns=10, rows=100_000, clusters=10, sigma=1.0, distance=14.45)
    assert found.noise == pytest.approx(30.838, abs=5e-4)
    assert found.price == pytest.approx(37.770, abs=5e-4)
    assert found.unit_lambda == pytest.approx(0.0114018, abs=5e-8)
    assert found.least == pytest.approx(0.0032, abs=5e-5)
    assert found.most == pytest.approx(0.520, abs=5e-4)


def test_the_noises_density_sums_to_one() -> None:
    reach = np.linspace(-200, 200, 400_001)
    density = np.exp(student_log_density(np.square(reach), 1, 3.0, 3.0 * 0.49))
    assert density.sum() * (reach[1] - reach[0]) == pytest.approx(1, abs=1e-4)


def test_the_original_prices_a_centre_by_its_noise(blobs: Draw) -> None:
    rows, knobs = blobs(300, 2, 3, 9.0), Knobs(init_k=3, max_k=3, amp=0.5, prob_k=(0.0, 1.0, 0.0))
    engine = Original(knobs, RandomState(PCG64(0)))
    engine.sync(rows, np.ones(300), 1.0)
    before = engine.losses().sum()
    engine.iterate()
    assert engine.temperature() == pytest.approx(0.5 * np.sqrt(5 / 300))
    if engine.figures.acceptations:
        assert engine.figures.gibbs == pytest.approx(engine.temperature() * (before - engine.losses().sum()))
    assert engine.figures.rho == pytest.approx(np.exp(engine.figures.gibbs))


def test_the_textbook_samplers_ratio_is_that_of_densities_written_out(blobs: Draw) -> None:
    """A Student density of scipy's, a uniform one on a ball, and what each number of centres may go to."""
    rows = blobs(60, 2, 3, 6.0)
    knobs = Knobs(init_k=2, max_k=4, amp=0.3, nu=4.0, prob_k=(1.0, 2.0, 3.0))
    engine = Textbook(knobs, RandomState(PCG64(0)))
    engine.sync(rows, np.ones(60), 1.0)
    ways = {1: (0, 2, 3), 2: (1, 2, 3), 3: (1, 2, 3), 4: (1, 2, 0)}
    checked = set()
    for _ in range(400):
        before, accepted = engine.centres(), engine.figures.acceptations
        engine.iterate()
        after = engine.centres()
        if engine.figures.acceptations == accepted:
            continue
        k, step = len(before), len(after) - len(before)
        odds = target(engine, after, rows) - target(engine, before, rows)
        odds += drawn(engine, before, rows) - drawn(engine, after, rows)
        odds += log(ways[k + step][1 - step] / sum(ways[k + step])) - log(ways[k][1 + step] / sum(ways[k]))
        assert log(engine.figures.rho) == pytest.approx(odds, rel=1e-9, abs=1e-9)
        checked.add((k, step))
    assert {step for _, step in checked} == {-1, 0, 1}


def target(engine: Textbook, centres: Table, rows: Table) -> float:
    """Return the log of the quasi-posterior of centres, up to a constant."""
    loss = np.square(rows[:, None] - centres[None]).sum(axis=2).min(axis=1).sum()
    disc = log(np.pi * (1.5 * np.linalg.norm(rows - np.median(rows, axis=0), axis=1).max()) ** 2)
    return float(-engine.temperature() * loss - len(centres) * (1 + disc))


def drawn(engine: Textbook, centres: Table, rows: Table) -> float:
    """Return the log-density at which centres of their number are proposed."""
    tau = np.sqrt(0.3 * np.sqrt(5 / 60) / engine.temperature() / (20 * len(rows)))
    fit = engine._fit(len(centres))
    pairs = zip(centres, fit, strict=True)
    return float(sum(multivariate_t.logpdf(c, m, tau**2 * np.eye(2), df=4) for c, m in pairs))
