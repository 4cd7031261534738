"""The older service's state table, cell by cell over GraphQL, and what a run that failed leaves usable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.graphql import KMEANS, ROWS, Asker
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

# What each act leads to: a state, or the code of an error. The goal of a running task is far away here.
ACTS = ("init", "play", "pause", "wait", "stop")
CELLS = {
    state: dict(zip(ACTS, cells.split(), strict=True))
    for state, cells in {
        "Created": "Initializing Initializing NOT_RUNNING NOT_RUNNING NOT_ALIVE",
        "Initializing": "INITIALIZING INITIALIZING INITIALIZING TIMEOUT Finished",
        "Ready": "ALREADY_CREATED Running NOT_RUNNING Ready Finished",
        "Running": "ALREADY_CREATED RUNNING Idle TIMEOUT Finished",
        "Idle": "ALREADY_CREATED Running NOT_RUNNING IDLE Finished",
        "Finished": "Initializing Initializing NOT_RUNNING Finished NOT_ALIVE",
    }.items()
}
LONG = KMEANS | {"iter": 10**6, "iterFreq": 50}
CREATE = "mutation ($task: TaskInput!) { create(task: $task) { id } }"
PUSH = "mutation ($id: String!) { push(id: $id, data: [[5, 5]]) { rows } }"
PREDICT = "query ($id: String!) { predict(id: $id, data: [[0, 0]]) { labels } }"
FRAME = {"columns": ["x", "y"], "chunks": [{"data": ROWS}]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("states") / "home") as served:
        yield served


@pytest.fixture
def ask(server: Served) -> Iterator[Asker]:
    with server.http() as http:
        yield Asker(http)


def brought(ask: Asker, state: str) -> str:
    """Return a task in a state."""
    task = {"algorithm": LONG, "dataset": {"dataframe": FRAME}}
    id_ = str(ask.data(CREATE, task=task)["create"]["id"])
    if state == "Created":
        return id_
    if state in ("Initializing", "Ready"):
        ask.act("init", id_)
        wait_until(lambda: state == "Initializing" or ask.task(id_)["status"] == state, timeout=120)
        return id_
    ask.play(id=id_)
    ask.settled(id_)
    if state != "Running":
        ask.act("pause" if state == "Idle" else "stop", id_)
    return id_


def led(ask: Asker, act: str, id: str) -> str:
    """Return the state that an act leads to, or the code of the error."""
    call = {"play": "play(task: {id: $id})", "wait": "wait(id: $id, timeout: 0.05)"}.get(
        act, f"{act}(id: $id)"
    )
    answer = ask.answer(f"mutation ($id: String!) {{ done: {call} {{ status }} }}", id=id)
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    return str(answer["data"]["done"]["status"])


@pytest.mark.parametrize("state", [state for state in CELLS if state != "Initializing"])
def test_every_act_does_in_every_state_what_the_table_says(ask: Asker, state: str) -> None:
    id_ = brought(ask, state)
    for act, expected in CELLS[state].items():
        assert (state, act, led(ask, act, id_)) == (state, act, expected)
        if expected.istitle() and expected != state:
            ask.act("delete", id_)
            id_ = brought(ask, state)
        assert ask.task(id_)["status"] == state
    ask.act("delete", id_)


def test_a_task_that_is_being_initialised_can_be_stopped_only(tmp_path: Path) -> None:
    # The first task of a server waits until a host has loaded what it needs.
    with running_server(tmp_path / "home") as served, served.http() as http:
        ask = Asker(http)
        ask.code("{ nothing }")
        id_ = brought(ask, "Initializing")
        found = {act: led(ask, act, id_) for act in CELLS["Initializing"]}
        assert found == CELLS["Initializing"]


@pytest.mark.parametrize("state", [state for state in CELLS if state != "Initializing"])
def test_rows_can_be_pushed_and_predicted_in_every_state(ask: Asker, state: str) -> None:
    id_ = brought(ask, state)
    assert ask.data(PUSH, id=id_)["push"] == {"rows": len(ROWS) + 1}
    (label,) = ask.data(PREDICT, id=id_)["predict"]["labels"]
    assert label == -1 if state in ("Created", "Ready") else label in (0, 1)
    assert ask.task(id_)["status"] == state
    ask.act("delete", id_)


def test_what_is_played_again_begins_anew_with_the_rows_it_has(ask: Asker) -> None:
    id_ = ask.play(algorithm=KMEANS | {"iter": 5})
    for pushed in (len(ROWS), 0):
        assert ask.act("wait", id_) == {"status": "Ready"}
        figures = figures_of(ask, id_)
        assert (figures["iterations"], figures["pushedData"]) == (5, pushed)
        assert np.array(ask.centres(id_)) == pytest.approx(np.array([[1 / 3] * 2, [31 / 3] * 2]))
        assert ask.act("stop", id_) == {"status": "Finished"}
        ask.play(id=id_)


def test_the_figures_of_a_run_have_their_units(ask: Asker) -> None:
    began = time.time()
    id_ = ask.play(algorithm=KMEANS | {"iter": 10, "iterFreq": 20})
    ask.act("wait", id_)
    figures = figures_of(ask, id_)
    assert 0.4e9 < figures["duration"] < (time.time() - began) * 1e9
    assert began - 1 <= figures["lastDataTime"] <= time.time()


def figures_of(ask: Asker, id: str) -> dict[str, Any]:
    return dict(ask.task(id, "figures")["figures"])


def test_a_run_that_fails_is_finished_with_an_error_and_does_no_harm(ask: Asker) -> None:
    id_ = ask.play(algorithm={"name": "mcmc", "method": "nonsense"})
    wait_until(lambda: ask.task(id_)["error"], timeout=120)
    failed = ask.task(id_)
    assert failed["status"] == "Finished"
    assert "nonsense" in failed["error"]
    assert ask.http.get(f"/api/v1/live/{id_}").json()["state"] == "failed"
    assert led(ask, "stop", id_) == "NOT_ALIVE"
    assert ask.data(PUSH, id=id_)["push"] == {"rows": len(ROWS) + 1}
    assert ask.play(id=id_, algorithm=KMEANS | {"method": "search"}, dataset=None) == id_
    assert len(ask.settled(id_)) == 2


def test_fewer_rows_than_centres_do_not_hang_a_task(ask: Asker) -> None:
    one = {"dataframe": FRAME | {"chunks": [{"data": [[1, 2]]}]}}
    id_ = ask.play(algorithm={"name": "mcmc", "kInit": 3}, dataset=one)
    assert ask.settled(id_, 1) == [[1, 2]]
    assert ask.data(PUSH, id=id_)["push"] == {"rows": 2}
    assert ask.task(id_)["status"] == "Running"
