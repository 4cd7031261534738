"""What a live task promises of data that change, through a running server: it follows, and tells it once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from shoal.client import Client
from shoal.client.live_task import LiveTask
from tests.support.server import running_server
from tests.support.waiting import wait_until

FRAME = 900
BEFORE = ((0.0, 0.0), (12.0, 0.0), (0.0, 12.0))
AFTER = ((60.0, 40.0), (72.0, 40.0), (60.0, 52.0))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with running_server(tmp_path_factory.mktemp("drift") / "home") as served, Client(served.url) as opened:
        yield opened


def blobs(n: int, places: Sequence[Any], seed: int) -> NDArray[np.float64]:
    """Return rows around places, in mixed order."""
    random = np.random.default_rng(seed)
    return np.asarray(places)[random.integers(len(places), size=n)] + random.standard_normal((n, 2))


def near(task: LiveTask, places: Sequence[Any]) -> bool:
    """Say whether every centre is at a place, and each place has one."""
    centres = np.array([one["centre"] for one in task.centers()]).reshape(-1, 2)
    gaps = np.linalg.norm(centres[:, None] - np.asarray(places)[None], axis=2)
    return gaps.shape == (3, 3) and bool((gaps.min(axis=1) < 1).all() and (gaps.min(axis=0) < 1).all())


def read_all(task: LiveTask) -> None:
    """Wait until every row that was pushed has been looked at."""
    rows = task.refresh().facts["rows"]
    wait_until(lambda: (task.refresh().summary or {"row": 0})["row"] >= rows, timeout=180)


@pytest.mark.parametrize(("algorithm", "options"), [("mcmc", {}), ("kmeans", {"k": 3})])
def test_a_frame_that_is_replaced_is_followed_within_five_seconds_and_is_one_drift(
    client: Client, algorithm: str, options: dict[str, Any]
) -> None:
    with client.live.create("moving", algorithm, frame_size=FRAME, **options) as task:
        for part in range(20):
            task.push(blobs(1000, BEFORE, seed=part))
        read_all(task)
        wait_until(lambda: near(task, BEFORE), timeout=180)
        assert [each for each in task.events() if each["kind"] == "drift"] == []
        began = monotonic()
        task.push(blobs(FRAME, AFTER, seed=100))
        wait_until(lambda: near(task, AFTER), timeout=20, on_timeout=task.centers)
        assert monotonic() - began < 5
        for part in range(101, 104):
            task.push(blobs(1000, AFTER, seed=part))
        read_all(task)
    assert near(task, AFTER)
    assert len([each for each in task.events() if each["kind"] == "drift"]) == 1


def test_ten_gaussians_are_ten_clusters_with_nothing_but_the_name_of_the_algorithm(client: Client) -> None:
    random = np.random.default_rng(5)
    groups = random.integers(10, size=10_000)
    rows = 20 * random.standard_normal((10, 10))[groups] + random.standard_normal((10_000, 10))
    task = client.live.batch(rows, iter=100)
    assert len(task.centers()) == 10
    assert adjusted_rand_score(groups, task.labels()["labels"]) >= 0.99
