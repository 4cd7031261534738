"""Tasks in every space, by every algorithm: found, asked, and followed on to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shoal.live.host.asked import export, labels, points
from tests.support.followed import Task, a_wish, blobs

ALGORITHMS: list[dict[str, Any]] = [
    {"algorithm": "kmeans", "k": 3},
    {"algorithm": "kmeans", "k": 3, "flow": True},
    {"algorithm": "mcmc"},
    {"algorithm": "streaming"},
]


def rows_in(space: str, n: int) -> Any:
    """Return rows of three clusters in a space."""
    random = np.random.default_rng(1)
    if space != "series":
        return blobs(n, [(9.0, 0.5), (0.5, 9.0), (-9.0, -9.0)], spread=0.3)
    shapes = [np.sin(np.arange(16)), 9 + np.cos(np.arange(16)), np.linspace(30, 60, 16)]
    chosen = random.integers(3, size=n)
    return [(shapes[j] + 0.1 * random.standard_normal(16))[: 12 + j, None] for j in chosen]


@pytest.mark.parametrize("space", ["euclid", "complex", "cosinus", "series"])
@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda wish: "-".join(map(str, wish.values())))
def test_a_task_in_any_space_is_followed(tmp_path: Path, space: str, algorithm: dict[str, Any]) -> None:
    task = Task(tmp_path, a_wish(**algorithm, space=space, frame_size=150))
    rows = rows_in(space, 120)
    task.push(rows[:90])
    task.play()
    task.turns(30, until=lambda: len(task.followed.summary()["clusters"]) == 3)
    task.followed.checkpoint()
    task.push(rows[90:])
    task.turns(2)
    task.followed.paused()
    found = task.followed.summary()["clusters"]
    assert len(found) == 3
    assert labels(task.followed, {}, b"").header["n"] == 120
    assert points(task.followed, {"since": 0, "limit": 50}, b"").header["n"] == 50
    assert export(task.followed, {}, b"").payload
    task.assign("idle")
    task.turns(5, until=lambda: task.followed.work is not None and not task.followed.work.behind)
    assert task.followed.summary()["clusters"] == found
    assert task.said("ended") == []
