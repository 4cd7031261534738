"""Images that come from a registry: a real one, in the network of the tests' own engine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.jobs.states import State
from tests.support.components import find_program, require_component
from tests.support.container_house import submit, working, written
from tests.support.containers import Containers, running_containers
from tests.support.house import House
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.real]
ADDRESS = "127.0.0.1:5000"  # in a network of its own: nobody else's port
IMAGE = f"{ADDRESS}/tool:1"
SETTINGS = "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}}}}}\nhttp: {{addr: {address}}}\n"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """Give an engine that has pushed an image to a registry and forgotten it."""
    program = find_program("docker-registry", "/usr/bin")
    registry = require_component("docker-registry", program, "make services ARGS=--long")
    folder = tmp_path_factory.mktemp("registry")
    (folder / "settings.yml").write_text(SETTINGS.format(folder=folder / "data", address=ADDRESS))
    with running_containers() as running:
        network = f"/proc/{(running.folder / 'pid').read_text().strip()}/ns/net"
        subprocess.run(["nsenter", f"--net={network}", "ip", "link", "set", "lo", "up"], check=True)
        serve = ["nsenter", f"--net={network}", str(registry), "serve", str(folder / "settings.yml")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(serve, stdout=log, stderr=log)
        try:
            push(running, folder)
            yield running
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def house(engine: Containers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with working(engine.socket, tmp_path_factory.mktemp("pulls")) as made:
        yield made


def push(engine: Containers, folder: Path) -> None:
    engine.run("tag", "ubuntu", IMAGE)
    wait_until(
        lambda: "digest" in engine.run("push", IMAGE, check=False), on_timeout=(folder / "log").read_text
    )
    engine.run("rmi", IMAGE)


def test_an_image_is_fetched_when_it_is_missing_or_always(house: House) -> None:
    for pull, state, fetched in (
        ("never", State.FAILED, False),
        ("missing", State.SUCCEEDED, True),
        ("missing", State.SUCCEEDED, False),
        ("always", State.SUCCEEDED, True),
    ):
        (job,) = house.done([submit(house.database, image=IMAGE, pull=pull, cmd=["echo", "ran"])])
        assert job.state == state
        assert (b"Fetching the image" in written(house, job.id)) == fetched
        if state is State.SUCCEEDED:
            facts = house.attempts(job.id)[-1].facts or {}
            assert facts["reproduce"]["digest"].startswith(f"{ADDRESS}/tool@sha256:")


def test_an_image_that_no_registry_has_is_refused_for_good(house: House) -> None:
    (job,) = house.done([submit(house.database, image=f"{ADDRESS}/none:1", cmd=["true"])])
    assert job.error is not None
    assert (job.error["kind"], "not found" in job.error["message"]) == ("refused", True)
