"""A change of the stream is told once, and a stream that stays the same tells nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shoal.clustering.drift import Drift, DriftWatch
from shoal.clustering.frame_kmeans import FrameKMeans
from shoal.clustering.mcmc_clusterer import MCMCClusterer
from shoal.clustering.online.snapshots import InvalidSnapshot
from shoal.clustering.streaming.adwin import Adwin
from shoal.clustering.streaming_clusterer import StreamingClusterer

MIDDLES = np.array([[0.0, 0.0], [12.0, 0.0], [0.0, 12.0]])


def blobs(random: Any, middles: Any, n: int) -> Any:
    return middles[random.integers(0, len(middles), n)] + random.normal(size=(n, middles.shape[1]))


def told(watch: DriftWatch, rows: Any, centres: Any, step: int = 100) -> list[Drift]:
    return [drift for at in range(0, len(rows), step) for drift in watch.watch(rows[at : at + step], centres)]


@pytest.mark.parametrize("step", [7, 100, 5000])
@pytest.mark.parametrize("seed", range(3))
def test_nothing_in_20000_stationary_rows(seed: int, step: int) -> None:
    random = np.random.default_rng(seed)
    watch = DriftWatch(frame=900)
    watch.watch(blobs(random, MIDDLES, 900), np.empty((0, 2)))
    assert told(watch, blobs(random, MIDDLES, 20_000), MIDDLES + 0.1, step) == []


@pytest.mark.parametrize("is_sorted", [False, True])
@pytest.mark.parametrize("at", [900, 1024, 4000])
def test_exactly_one_when_a_frame_is_replaced(at: int, is_sorted: bool) -> None:
    random = np.random.default_rng(at)
    watch = DriftWatch(frame=900)
    before = watch.watch(blobs(random, MIDDLES, 900), np.empty((0, 2)))
    before += told(watch, blobs(random, MIDDLES, at - 900), MIDDLES)
    moved = MIDDLES + 40
    rows = blobs(random, moved, 900)
    if is_sorted:
        rows = rows[np.argsort(rows[:, 0])]
    halfway = np.vstack([MIDDLES[:1], moved[1:]])
    found = told(watch, rows[:450], MIDDLES) + told(watch, rows[450:], halfway)
    found += told(watch, blobs(random, moved, 9000), moved)
    assert before == []
    (only,) = found
    assert at <= only.row < at + 100
    assert only.before < 2 < 3 < only.after


@pytest.mark.parametrize(
    "model",
    [
        FrameKMeans(3, frame_size=900, random_state=0),
        MCMCClusterer(frame_size=900, random_state=0),
        StreamingClusterer(half_life=300),
    ],
    ids=lambda model: type(model).__name__,
)
def test_watch_over_a_model_that_follows_tells_exactly_one(model: Any) -> None:
    random = np.random.default_rng(5)
    watch, found = DriftWatch(frame=900), []
    for number in range(30):
        rows = blobs(random, MIDDLES + 50 * (number >= 24), 900)
        known = (model.cluster_centers_, model.counts_) if number else ([], None)
        found += watch.watch(rows, *known)
        model.partial_fit(rows)
        model.iterate()
    assert [drift.row // 900 for drift in found] == [24]
    assert (model.cluster_centers_ > 40).all()


def test_second_change_is_told_too() -> None:
    random = np.random.default_rng(0)
    watch = DriftWatch(frame=500)
    found: list[Drift] = []
    for turn in range(4):
        middles = MIDDLES + 50 * turn
        found += watch.watch(blobs(random, middles, 500), MIDDLES + 50 * max(turn - 1, 0))
        found += told(watch, blobs(random, middles, 4000), middles)
    assert [drift.row // 4500 for drift in found] == [1, 2, 3]


def test_coming_nearer_is_no_news() -> None:
    random = np.random.default_rng(0)
    watch = DriftWatch()
    told(watch, random.normal(size=(3000, 2)), MIDDLES)
    assert told(watch, 0.1 * random.normal(size=(3000, 2)), MIDDLES) == []


@pytest.mark.parametrize("stop", [50, 700, 2050, 2500])
def test_restored_watch_tells_what_it_would_have_told(stop: int) -> None:
    random = np.random.default_rng(3)
    rows = np.vstack([blobs(random, MIDDLES, 2000), blobs(random, MIDDLES + 9, 6000)])
    one = DriftWatch(frame=300)
    told(one, rows[:stop], MIDDLES)
    other = DriftWatch.restore(one.snapshot())
    assert told(other, rows[stop:], MIDDLES) == told(one, rows[stop:], MIDDLES)
    ours, theirs = one.snapshot(), other.snapshot()
    assert {name: array.tobytes() for name, array in ours.items()} == {
        name: array.tobytes() for name, array in theirs.items()
    }


def test_state_that_points_beyond_its_arrays_is_refused() -> None:
    state = Adwin().arrays()
    state["counts"][5] = 99
    with pytest.raises(InvalidSnapshot):
        Adwin.from_arrays(state)
    with pytest.raises(InvalidSnapshot):
        Adwin.from_arrays({})


def test_wild_rows_alone_are_no_change() -> None:
    random = np.random.default_rng(4)
    rows = blobs(random, MIDDLES, 20_000)
    rows[random.choice(20_000, 20, replace=False)] *= 1e6
    assert told(DriftWatch(), rows, MIDDLES) == []


@pytest.mark.parametrize("seed", range(3))
def test_changes_are_noticed_where_river_notices_them(seed: int) -> None:
    river = pytest.importorskip("river.drift")
    random = np.random.default_rng(seed)
    steps = [(0.5, 0.1, 3000), (0.6, 0.1, 1500), (0.3, 0.2, 2000), (0.8, 0.01, 1000), (0.7, 0.01, 1000)]
    values = np.concatenate([random.normal(*step) for step in steps])
    peer, theirs = river.ADWIN(), []
    for place, value in enumerate(values):
        peer.update(value)
        if peer.drift_detected:
            theirs.append((place + 1, peer.width, pytest.approx(peer.estimation)))
    ours: list[Any] = []
    start = 0
    while True:
        window = Adwin()
        cut = window.feed(values[start:])
        if cut is None:
            break
        start += cut.at
        ours.append((start, window.width, window.mean))
    assert len(ours) >= 3
    assert ours == theirs
