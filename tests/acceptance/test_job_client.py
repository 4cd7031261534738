"""Jobs from Python: the same words, blocking and awaited, against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.client import AsyncClient, Client
from shoal.client.results import JobFailed
from tests.support.server import Served, running_server

ECHO = {"runner": "command", "cmd": ["sh", "-c", "echo out; echo err >&2; printf x > out/x.txt"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("jobs") / "home", workers=2) as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as opened:
        yield opened


def test_a_job_is_run_followed_and_read(client: Client) -> None:
    job = client.jobs.submit(ECHO, key="echo")
    assert client.jobs.submit(ECHO, key="echo").id == job.id
    parts = list(job.follow())
    assert {(part.stream, part.text) for part in parts} == {("out", "out\n"), ("err", "err\n")}
    assert job.result()["stdout"] == "out\n"
    assert job.log(stream="err") == "err\n"
    (left,) = job.artifacts()
    assert b"".join(job.artifact(left["name"])) == b"x"
    assert job.note({"seen": True}).facts["extra"] == {"seen": True}
    assert [found.id for found in client.jobs.find(where={"seen": True})] == [job.id]
    job.remove()
    with pytest.raises(NotFound):
        job.refresh()


def test_a_failure_is_raised_where_a_result_is_asked_for(client: Client) -> None:
    job = client.jobs.run({"runner": "command", "cmd": ["sh", "-c", "exit 7"]})
    assert job.state == "failed"
    with pytest.raises(JobFailed, match="exit code 7") as failed:
        job.result()
    assert failed.value.details["error"]["exit_code"] == 7
    with pytest.raises(InvalidInput) as refused:
        client.jobs.submit({"runner": "command"})
    assert [fault["pointer"] for fault in refused.value.details["errors"]] == ["/cmd"]


def test_drafts_and_many_at_once(client: Client) -> None:
    draft = client.jobs.submit(ECHO | {"draft": True})
    assert draft.revise(ECHO | {"draft": True, "name": "later"}).facts["name"] == "later"
    with pytest.raises(Conflict):
        draft.rerun()
    assert draft.release().wait().state == "succeeded"
    head = client.jobs.run({"runner": "command", "cmd": ["true"], "array": "0-2"})
    assert [child.state for child in head.children()] == ["succeeded"] * 3
    assert next(iter(client.jobs.find(whole=True))).id == head.id
    assert next(iter(client.jobs.find())).facts["parent"] == head.id
    assert client.jobs.cancel([draft.id]) == {"changed": [], "left": [draft.id]}
    assert client.jobs.remove(name="later")["changed"] == [draft.id]


def test_the_same_is_awaited(server: Served) -> None:
    async def use() -> None:
        async with AsyncClient(server.url) as client:
            job = await client.jobs.submit(ECHO)
            texts = [part.text async for part in job.follow(stream="out")]
            assert texts == ["out\n"]
            assert (await job.result())["exit_code"] == 0
            head = await client.jobs.run({"runner": "command", "cmd": ["true"], "array": "0-1"})
            assert [child.state async for child in head.children()] == ["succeeded"] * 2
            made = await client.schedules.create("0 6 * * *", ECHO, name="dawn")
            assert [each["id"] async for each in client.schedules.find()] == [made["id"]]
            await client.schedules.remove(made["id"])

    asyncio.run(use())
