"""The asynchronous client, and what both clients gained: uploads that go on, data frames, lists, streams."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest

from shoal.base.errors import Conflict, InvalidInput, MissingExtra, NotFound, Unavailable
from shoal.client import AsyncClient, Client, resuming
from shoal.client.frames import frame_of
from shoal.client.studies import StudyFailed
from tests.support.command import PENGUINS
from tests.support.server import Served, running_server

T = TypeVar("T")
SMALL: dict[str, Any] = {"max_k": 3, "n_experiments": 2, "n_init": 2}
LARGE: dict[str, Any] = {"max_k": 10, "n_experiments": 100, "n_init": 100}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("async") / "home") as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


def awaited(server: Served, act: Callable[[AsyncClient], Awaitable[T]]) -> T:
    async def whole() -> T:
        async with AsyncClient(server.url) as client:
            return await act(client)

    return asyncio.run(whole())


def test_a_study_is_awaited_from_file_to_labels(server: Served) -> None:
    async def act(client: AsyncClient) -> None:
        dataset = await client.datasets.add(PENGUINS)
        cost = await client.studies.estimate(dataset.id, **SMALL)
        seen: list[int] = []
        study = await client.studies.submit(dataset.id, name="awaited", **SMALL)
        same = await study.wait(timeout=120, on_change=lambda now: seen.append(now.progress["done"]))
        assert same is study
        assert study.summary is not None
        assert seen == sorted(seen)
        assert study.progress["total"] == cost["fits"] == len(await study.fits())
        assert [one.id async for one in client.studies.find(q="awaited")] == [study.id]
        assert dataset.id in [one.id async for one in client.datasets]
        frame = await study.labels()
        assert frame["Label"].value_counts().to_dict() == {
            k + 1: size for k, size in enumerate(study.summary["best"]["sizes"])
        }
        pieces = [piece async for piece in study.download("labels.csv", raw=True)]
        assert b"".join(pieces) == await study.labels_csv(raw=True)
        assert len([fit async for fit in client.fits.find(study=study.id, covariance="full-tied")]) == 6
        assert (await study.fit(3))["parameters"]["columns"] == study.summary["columns"]
        assert await study.failures() == []
        job = await study.open_fit(3)
        assert (await job.wait()).state == "succeeded"
        assert (await client.jobs.get(job.id)).facts["kind"] == "study.open"

    awaited(server, act)


def test_errors_and_endings_are_the_same_awaited(server: Served) -> None:
    async def act(client: AsyncClient) -> None:
        with pytest.raises(NotFound, match="There is no dataset none"):
            await client.studies.submit("none")
        with pytest.raises(InvalidInput, match="No such file"):
            await client.datasets.add("nowhere.csv")
        study = await client.studies.submit((await client.datasets.add(PENGUINS)).id, **LARGE)
        with pytest.raises(TimeoutError):
            await study.wait(timeout=0.2)
        assert (await study.cancel()).state == "cancelled"
        with pytest.raises(StudyFailed, match="was cancelled"):
            await study.wait()
        with pytest.raises(Conflict):
            [piece async for piece in study.download("model.json")]
        await study.remove()

    awaited(server, act)


def test_a_server_that_is_away_is_said_plainly_to_both() -> None:
    async def act() -> None:
        async with AsyncClient("http://127.0.0.1:9") as client:
            await client.ready()

    with pytest.raises(Unavailable, match="No server at"):
        asyncio.run(act())


def test_other_tasks_go_on_while_one_waits(server: Served) -> None:
    async def act(client: AsyncClient) -> int:
        study = await client.studies.submit((await client.datasets.add(PENGUINS)).id, **LARGE)
        waiting = asyncio.create_task(study.wait())
        asked = 0
        while asked < 20:
            await client.studies.get(study.id)
            asked += 1
        assert not waiting.done()
        await study.cancel()
        with pytest.raises(StudyFailed):
            await waiting
        return asked

    assert awaited(server, act) == 20


def test_a_studys_events_are_streamed_from_a_token_on(server: Served, client: Client) -> None:
    study = client.studies.submit(client.datasets.add(PENGUINS).id, **SMALL).wait(timeout=120)
    history = list(study.history())
    assert [one["kind"] for one in history][-1] == "succeeded"

    async def act(client: AsyncClient) -> list[str]:
        kinds: list[str] = []
        async for event in (await client.studies.get(study.id)).events(after=0):
            kinds.append(event.kind)
            if event.kind == "succeeded":
                break
        return kinds

    assert awaited(server, act) == [one["kind"] for one in history]
    assert next(study.events(after=history[-2]["seq"])).kind == "succeeded"


def test_labels_of_files_with_decimal_commas_are_numbers() -> None:
    frame = frame_of(b"a;b;Label\r\n1,5;2,25;1\r\n3,5;x;\r\n")
    assert frame["a"].tolist() == [1.5, 3.5]
    assert frame["Label"].isna().tolist() == [False, True]
    assert frame_of(b'a,"b;c",Label\n1.5,x,2\n').columns.tolist() == ["a", "b;c", "Label"]


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"shoal\[pandas\]"):
        frame_of(b"a,Label\n1,1\n")


def test_a_file_in_parts_is_the_same_dataset_as_in_one(
    server: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "PART", 1000)
    parts = client.datasets.add(PENGUINS, name="parts.csv", resume=True)
    assert (parts.rows, parts.is_new) == (344, True)
    again = client.datasets.add(PENGUINS, name="parts.csv", resume=True)
    assert (again.id, again.is_new) == (parts.id, False)
    whole = client.datasets.add(PENGUINS, name="parts.csv", resume=False)
    assert (whole.id, whole.is_new) == (parts.id, False)
    assert b"".join(client.datasets.download(parts.id)) == PENGUINS.read_bytes()
    assert len(client.datasets.rows(parts.id, offset=340)) == 4
    assert client.datasets.columns(parts.id)[0]["top"][0]["value"] == "Adelie"
    awaited_too = awaited(server, lambda one: one.datasets.add(PENGUINS, name="parts.csv", resume=True))
    assert awaited_too.id == parts.id
    with pytest.raises(InvalidInput):
        broken = PENGUINS.parent / "README.md"
        client.datasets.add(broken, name="x.parquet", delimiter="ab", resume=True)


def test_an_upload_goes_on_over_a_restart_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "PART", 200_000)
    monkeypatch.setattr(resuming, "LONGEST_PAUSE", 2.0)
    monkeypatch.setattr(resuming, "TRIES", 60)
    rows = np.random.default_rng(1).integers(0, 10**6, (60_000, 2))
    file = tmp_path / "large.csv"
    np.savetxt(file, rows, "%d", ",", header="a,b", comments="")
    home = tmp_path / "home"
    ready: list[Served] = []

    async def act(url: str) -> int:
        async with AsyncClient(url) as client:
            upload = asyncio.create_task(client.datasets.add(file, resume=True))
            while not list((home / "uploads").glob("*.json")) or not _offset(home):
                assert not upload.done()
                await asyncio.sleep(0.001)
            ready[0].process.kill()
            ready[0].process.wait()
            with running_server(home, listen=[f"127.0.0.1:{ready[0].port}"]):
                return (await upload).rows

    with running_server(home) as served:
        ready.append(served)
        assert asyncio.run(act(served.url)) == 60_000


def _offset(home: Path) -> int:
    record = next((home / "uploads").glob("*.json"))
    return int(json.loads(record.read_bytes())["offset"])


def test_frames_are_as_pandas_reads_them(client: Client) -> None:
    study = client.studies.submit(client.datasets.add(PENGUINS).id, **SMALL).wait(timeout=120)
    ours = pd.read_csv(io.BytesIO(study.labels_csv(raw=True)))
    assert study.labels().astype({"Label": float}).equals(ours)


def test_figures_come_in_every_form_that_is_asked_for(server: Served, client: Client) -> None:
    study = client.studies.submit(client.datasets.add(PENGUINS).id, **SMALL).wait(timeout=120)
    assert study.figure("scores", "png").startswith(b"\x89PNG")
    assert study.figure("scores").startswith(b"<svg")
    assert awaited(server, lambda one: _figure(one, study.id)) == study.figure("counts", "csv")
    with pytest.raises((InvalidInput, NotFound)):
        study.figure("nothing")


async def _figure(client: AsyncClient, study: str) -> bytes:
    return await (await client.studies.get(study)).figure("counts", "csv")
