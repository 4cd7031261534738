"""What a host answers about a task."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from sklearn.metrics import davies_bouldin_score, silhouette_score

from shoal.live.errors import LiveConflict
from shoal.live.host.asked import export, points, predict
from shoal.live.model import Algorithm, Pace, Wish
from tests.support.followed import Task, a_wish, blobs


def played(tmp_path: Path, wish: Wish, rows: Any) -> Task:
    """Return a task that has run to its goal."""
    task = Task(tmp_path, wish)
    task.push(rows)
    task.play()
    task.turns()
    return task


def test_quality_is_what_scikit_learn_computes_from_the_export(tmp_path: Path) -> None:
    task = played(tmp_path, a_wish(k=3, pace=Pace(iter=10)), blobs(700, spread=2.0))
    with np.load(io.BytesIO(export(task.followed, {}, b"").payload), allow_pickle=False) as found:
        rows, labels, centres = found["rows"], found["labels"], found["centres"]
        told = orjson.loads(found["facts"].tobytes())["quality"]
    assert told["silhouette"] == pytest.approx(silhouette_score(rows, labels), abs=1e-6)
    assert told["davies_bouldin"] == pytest.approx(davies_bouldin_score(rows, labels), abs=1e-6)
    assert told["inertia"] == pytest.approx(np.square(rows - centres[labels]).sum(), rel=1e-9)
    assert {name: task.summary["metrics"][name] for name in told} == pytest.approx(told)


def test_a_task_that_has_found_nothing_has_no_export(tmp_path: Path) -> None:
    with pytest.raises(LiveConflict) as refused:
        export(Task(tmp_path, a_wish()).followed, {}, b"")
    assert refused.value.error_code == "not_iterate"


def test_points_are_only_those_after_a_number_and_at_most_so_many(tmp_path: Path) -> None:
    task = played(tmp_path, a_wish(k=3, pace=Pace(iter=10)), blobs(500))
    for since, limit, first in ((0, 1000, 0), (0, 100, 400), (450, 100, 450), (500, 100, 500)):
        answer = points(task.followed, {"since": since, "limit": limit}, b"")
        n = 500 - first
        assert (answer.header["n"], answer.header["first"], answer.header["next"]) == (n, first, 500)
        assert len(answer.payload) == n * (2 * 4 + 4)


def test_the_mean_of_predicted_columns_is_told_of_each_cluster(tmp_path: Path) -> None:
    rows = blobs(300)
    price = 100 * (rows[:, :1] > 5) + 10 * (rows[:, 1:] > 5)
    wish = Wish(
        columns=("id", "x", "y", "price"), identifier="id", predictions=("price",),
        algorithm=Algorithm(name="kmeans", k=3), pace=Pace(iter=10),
    )  # fmt: skip
    task = played(tmp_path, wish, np.hstack([np.arange(300.0)[:, None], rows, price]))
    found = {tuple(np.round(each["centre"])): each["predictions"] for each in task.summary["clusters"]}
    assert found == {(10, 0): {"price": 100}, (0, 10): {"price": 10}, (0, 0): {"price": 0}}


def test_rows_to_predict_may_have_all_columns_or_those_that_are_clustered(tmp_path: Path) -> None:
    wish = Wish(
        columns=("id", "x", "y"), identifier="id", algorithm=Algorithm(name="kmeans", k=3), pace=Pace(iter=10)
    )
    task = played(tmp_path, wish, np.hstack([np.arange(300.0)[:, None], blobs(300)]))
    whole, part = np.array([[7.0, 10.0, 0.0]]), np.array([[10.0, 0.0]])
    labels = [
        predict(task.followed, {"dim": rows.shape[1]}, rows.tobytes()).payload[:4] for rows in (whole, part)
    ]
    assert labels[0] == labels[1]


def test_shares_sum_to_one_and_are_even_between_two_centres(tmp_path: Path) -> None:
    task = played(tmp_path, a_wish(k=2, pace=Pace(iter=10)), [[0.0], [2.0], [10.0], [12.0]])
    rows = np.array([[1.0], [6.0], [11.0]])
    answer = predict(task.followed, {"dim": 1, "soft": True}, rows.tobytes())
    shares = np.frombuffer(answer.payload, np.float64, offset=12).reshape(3, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(shares[1], [0.5, 0.5])
    assert shares[0].max() > 0.99
