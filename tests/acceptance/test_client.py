"""The Python client with a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.access.tokens import generate
from shoal.base.errors import Conflict, InvalidInput, NotFound, TooLarge, Unauthenticated, Unavailable
from shoal.client import Client
from shoal.client.studies import StudyFailed
from tests.support.server import Served, running_server

SMALL: dict[str, Any] = {"max_k": 3, "n_experiments": 2, "n_init": 2}
LARGE: dict[str, Any] = {"max_k": 10, "n_experiments": 100, "n_init": 100}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("client") / "home"
    with running_server(home, limits={"upload": 100_000}) as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "".join(f"{i % 3 * 50 + i % 7},{i % 3 * 50 + i % 5}\n" for i in range(90)))
    return path


def test_a_study_from_file_to_labels(client: Client, file: Path) -> None:
    dataset = client.datasets.add(file)
    assert (dataset.name, dataset.rows) == ("rows.csv", 90)
    seen: list[int] = []
    study = client.studies.submit(dataset.id, name="mine", **SMALL)
    study.wait(timeout=120, on_change=lambda now: seen.append(now.progress["done"]))
    assert study.summary is not None
    assert study.summary["best"]["k"] == 3
    assert seen == sorted(seen)
    assert len(study.fits()) == study.progress["total"] == 36
    assert study.labels_csv().splitlines()[0] == b"x,y,Label"
    assert b"3 groups" in study.report()
    assert study.document()["name"] == "mine"
    assert client.studies.get("last").id == study.id
    assert study.id in [each.id for each in client.studies]
    assert dataset.id in [each.id for each in client.datasets]


def test_jobs_of_a_study_are_found(client: Client, file: Path) -> None:
    client.studies.submit(client.datasets.add(file).id, **SMALL).wait(timeout=120)
    job = next(client.jobs.find(kind="study.fits", limit=1))
    assert job.wait().state == "succeeded"
    assert [attempt["state"] for attempt in job.attempts()] == ["succeeded"]
    assert job.explain()["sentences"]
    assert isinstance(job.log(), str)
    with pytest.raises(NotFound):
        client.jobs.get(10**12)


def test_errors_are_those_of_the_server(client: Client, file: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no dataset none"):
        client.studies.submit("none")
    dataset = client.datasets.add(file).id
    with pytest.raises(InvalidInput) as refused:
        client.studies.submit(dataset, max_k=0, n_init=0)
    assert [error["pointer"] for error in refused.value.details["errors"]] == ["/max_k", "/n_init"]
    with pytest.raises(InvalidInput, match=r"no\.csv: No such file"):
        client.datasets.add(tmp_path / "no.csv")
    large = tmp_path / "large.csv"
    large.write_bytes(b"1,2\n" * 5_000_000)
    with pytest.raises(TooLarge):
        client.datasets.add(large)


def test_a_study_that_is_cancelled_did_not_succeed(client: Client, file: Path) -> None:
    study = client.studies.submit(client.datasets.add(file).id, **LARGE)
    with pytest.raises(Conflict):
        study.remove()
    with pytest.raises(TimeoutError):
        study.wait(timeout=0.3)
    assert study.cancel().state == "cancelled"
    with pytest.raises(StudyFailed, match="was cancelled"):
        study.wait()
    study.remove()
    with pytest.raises(NotFound):
        study.refresh()


def test_events_go_on_over_a_restart_of_the_server(tmp_path: Path, file: Path) -> None:
    home = tmp_path / "home"
    with running_server(home) as served:
        port = served.port
        with Client(served.url) as client:
            dataset = client.datasets.add(file).id
            first = client.studies.submit(dataset, **SMALL).wait(timeout=120).id
            events = client.events(["studies"], after=0)
            assert next(events).data["subject"] == first
            before = [next(events).kind for _ in range(2)]
            served.stop()
            with running_server(home, listen=[f"127.0.0.1:{port}"]):
                second = client.studies.submit(dataset, **SMALL, seed=2).id
                subjects = iter(event.data["subject"] for event in events)
                assert next(subject for subject in subjects if subject != first) == second
    assert before


def test_the_token_opens_a_server_for_the_client(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    token = generate(home)
    with running_server(home, listen=["0.0.0.0:0"]) as served:
        url = f"http://127.0.0.1:{served.port}"
        with Client(url) as nobody, pytest.raises(Unauthenticated):
            list(nobody.studies)
        with Client(url, token=token) as holder:
            assert list(holder.studies) == []


def test_a_server_that_is_not_there_is_said_plainly() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(Unavailable, match=r"No server at .*:9"):
        client.ready()
