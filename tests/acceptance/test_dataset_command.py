"""`shoal dataset`: a dataset stays as long as a study needs it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shoal.base.errors import Conflict, NotFound, ShoalError
from shoal.client import Client
from tests.support.command import PENGUINS, shoal
from tests.support.server import running_server

SMALL = ("--experiments", "1", "--max-k", "2", "--n-init", "1", "--output", "json")
ROUNDS = 20


def test_a_dataset_that_a_study_needs_is_not_removed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shoal("study", "run", PENGUINS, *SMALL, home=home, cwd=tmp_path)
    dataset = shoal("dataset", "list", "--output", "quiet", home=home, cwd=tmp_path).out.strip()
    refused = shoal("dataset", "rm", dataset, home=home, cwd=tmp_path)
    assert (refused.code, refused.err) == (
        1,
        f"error: Dataset {dataset} is still used.\n  Remove the studies of it first.\n",
    )
    assert shoal("study", "predict", "last", PENGUINS, "--out", "p.csv", home=home, cwd=tmp_path).code == 0
    added = shoal("dataset", "add", PENGUINS, "--name", "again", "--output", "quiet", home=home, cwd=tmp_path)
    removed = shoal("dataset", "rm", added.out.strip(), home=home, cwd=tmp_path)
    assert removed.code == 0, removed.err
    assert len(list((home / "files" / "datasets").iterdir())) == 1


def test_removing_a_dataset_and_starting_a_study_at_once_is_one_or_the_other(tmp_path: Path) -> None:
    path = tmp_path / "small.csv"

    def outcome(act: Callable[..., object], id_: str, **options: int) -> type[ShoalError] | None:
        try:
            act(id_, **options)
        except ShoalError as error:
            return type(error)
        return None

    with (
        running_server(tmp_path / "home") as served,
        Client(served.url) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        for round_ in range(ROUNDS):
            path.write_text(f"a,b\n{round_},2\n3,4\n9,1\n")
            dataset = client.datasets.add(path).id
            study = pool.submit(outcome, client.studies.submit, dataset, max_k=1)
            removal = pool.submit(outcome, client.datasets.remove, dataset)
            assert (study.result(), removal.result()) in [(None, Conflict), (NotFound, None)]
            if study.result() is None:
                client.datasets.get(dataset)
            else:
                with pytest.raises(NotFound):
                    client.datasets.get(dataset)


def test_a_file_over_the_limit_of_a_server_is_told_of_by_its_name(tmp_path: Path) -> None:
    with running_server(tmp_path / "home", limits={"upload": 1000}) as served:
        refused = shoal("dataset", "add", PENGUINS, home=served.home, cwd=tmp_path)
    size = PENGUINS.stat().st_size
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.splitlines()[0] == f"error: penguins.csv is {size:,} bytes; the server takes 1,000."
    assert "gzip" in refused.err
