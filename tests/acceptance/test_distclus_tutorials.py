"""The three tutorials of the older library, step by step against a server.

Their data sets are not ours to ship, so these rows have their shape: as many columns and groups, fewer rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shoal.client import Client
from tests.support.server import running_server

Rows = NDArray[np.float64]
PATIENCE = 240.0


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with (
        running_server(tmp_path_factory.mktemp("tutorials") / "home") as served,
        Client(served.url) as opened,
    ):
        yield opened


def groups(n: int, k: int, dim: int, *, apart: float, seed: int) -> tuple[Rows, NDArray[np.int64]]:
    """Return n rows of k groups in mixed order, with the group of each."""
    random = np.random.default_rng(seed)
    places = random.standard_normal((k, dim)) * apart
    chosen = random.integers(k, size=n)
    return places[chosen] + random.standard_normal((n, dim)), chosen


def agreement(groups: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    """Return the share of rows whose cluster is mostly of their own group."""
    mostly = sum(np.bincount(groups[labels == each]).max() for each in np.unique(labels))
    return float(mostly) / len(groups)


def test_two_columns_by_mcmc_and_by_streaming(client: Client) -> None:
    places = np.array([[0, 0], [0, 30], [30, 0], [30, 30], [60, 0], [0, 60]], float)
    rows = places[np.arange(20_000) % 6] + np.random.default_rng(1).standard_normal((20_000, 2))
    found = client.live.batch(rows, "mcmc", init_k=1, amp=0.05, iter=50)
    assert len(found.centers()) == 6
    assert found.summary is not None
    assert found.summary["metrics"]["acceptations"] >= 1
    first = client.live.batch(rows[:2000], "mcmc", init_k=1, amp=0.05, b=1, iter=50, method="original")
    assert 4 <= len(first.centers()) <= 12  # It printed 8 for its 6.
    rule: dict[str, Any] = {"method": "original", "iter_per_data": 1}
    counts = [
        len(client.live.batch(rows, "streaming", mu=mu, sigma=sigma, **rule).centers())
        for mu, sigma in ((0.4, 0.0), (0.2, 0.05))
    ]
    assert 1 <= counts[0] < counts[1]  # 12 and 186 there: the less a row may differ, the more centres.


def test_air_quality_is_predicted_and_pushed_row_by_row(client: Client) -> None:
    rows, _ = groups(3000, 12, 4, apart=8, seed=2)
    with client.live.create("air", "streaming", mu=0.8, method="original") as task:
        task.push(rows[:2900])
        rest: list[int] = []
        for row in rows[2900:]:
            rest += task.predict([row])["labels"]
            task.push([row])
    found = task.refresh()
    assert found.facts["pushed"] == 3000
    assert len(rest) == 100
    assert len(found.centers()) >= 2
    many = client.live.batch(rows, "mcmc", init_k=80, amp=5, max_k=400, iter=100)
    assert len(many.centers()) >= 12
    assert all(one["rows"] > 0 for one in many.centers())  # There 61 were empty.


def test_texts_as_vectors_are_five_topics_and_new_ones_get_theirs(client: Client) -> None:
    rows, topics = groups(2225, 5, 30, apart=2, seed=3)
    known, held = slice(0, 1780), slice(1780, 2225)
    task = client.live.batch(rows[known], "mcmc", name="news", iter=100)
    assert agreement(topics[known], np.array(task.labels()["labels"])) > 0.95
    labels = np.array(task.predict(rows[held])["labels"])
    owners = {
        each: np.bincount(topics[known][np.array(task.labels()["labels"]) == each]).argmax()
        for each in np.unique(labels)
    }
    told = np.array([owners[each] for each in labels])
    assert (told == topics[held]).mean() > 0.951  # what the tutorial's best classifier had


def test_texts_come_one_by_one(client: Client) -> None:
    rows, topics = groups(400, 5, 30, apart=2, seed=4)
    with client.live.create("one by one", "streaming") as task:
        for row in rows:
            task.push([row])
        task.reconfigure(until="rows >= 400").wait(timeout=PATIENCE)
    assert agreement(topics, np.array(task.predict(rows)["labels"])) > 0.95
