"""Who waits for a study hears of its failure at once."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

from shoal.client import Client
from shoal.client.patience import ROUND
from shoal.client.studies import Study, StudyFailed
from tests.support.server import Served, running_server

SMALL = {"n_experiments": 1, "max_k": 2, "n_init": 1}


def finished(client: Client, folder: Path, name: str) -> Study:
    rows = "\n".join(f"{row % 2 * 9 + row / 100},{len(name) + row}" for row in range(60))
    (folder / name).write_text(f"a,b\n{rows}\n")
    dataset = client.datasets.add(folder / name)
    return client.studies.submit(dataset.id, name=name, **SMALL).wait(timeout=60)


def lose_data(served: Served, study: Study) -> None:
    for table in (served.home / "files" / "datasets" / study.facts["dataset"]).glob("*.arrow"):
        table.unlink()


def test_a_study_that_fails_ends_the_waiting_at_once(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as served, Client(served.url) as client:
        study = finished(client, tmp_path, "first.csv")
        finished(client, tmp_path, "another.csv")  # The worker has its rows at hand now.
        lose_data(served, study)
        started = monotonic()
        with pytest.raises(StudyFailed):
            study.rerun([0]).wait()
        assert monotonic() - started < ROUND / 2
