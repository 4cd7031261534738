"""Every setting of Cluserve's tasks does what its documents say, over GraphQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.support.graphql import KMEANS, ROWS, Asker
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

PUSH = "mutation ($id: String!, $data: [Elemt!]!) { push(id: $id, data: $data) { rows status } }"
PREDICT = "query ($id: String!, $data: [Elemt!]!) { predict(id: $id, data: $data) { labels distances } }"
RECONFIGURE = "mutation ($task: TaskInput!) { reconfigure(task: $task) { id } }"
# The trace by which the original's rule is known, and its two series.
TRACE = [0, 10, 1, 9, 30, 31, 100]
RULE = {"name": "streaming", "method": "original", "mu": 0.5, "sigma": 0}
FIRST = [[1], [1], [2], [3], [2], [0]]
SECOND = [[0], [1], [1], [2], [3], [4], [2]]
WAITING = 1_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("effects") / "home"
    with running_server(home, live={"waiting_rows": WAITING}) as served:
        yield served


@pytest.fixture
def ask(server: Served) -> Iterator[Asker]:
    with server.http() as http:
        yield Asker(http)


def with_rows(data: list[Any], *columns: str) -> dict[str, Any]:
    """Return a dataset of rows for a TaskInput."""
    return {"dataframe": {"columns": list(columns), "chunks": [{"data": data}]}}


def ended(ask: Asker, **task: Any) -> dict[str, Any]:
    """Play a task to its end; return its figures."""
    id_ = ask.play(**task)
    assert ask.act("wait", id_) == {"status": "Ready"}
    return told(ask, id_)


def told(ask: Asker, id: str) -> dict[str, Any]:
    """Return what is told beside the centres."""
    found: dict[str, Any] = ask.task(id, "centroids { metadata }")["centroids"]["metadata"]
    return found


def test_rows_grant_iterations_and_enough_of_them_start_the_next_run(ask: Asker) -> None:
    pace = {"iter": 20, "iterPerData": 1, "dataPerIter": 5}
    id_ = ask.play(algorithm=KMEANS | pace, dataset=with_rows([*ROWS, *ROWS[:4]], "x", "y"))
    assert ask.act("wait", id_) == {"status": "Ready"}
    assert told(ask, id_)["iterations"] == 30
    ask.data(PUSH, id=id_, data=ROWS * 16 + ROWS[:4])
    wait_until(lambda: (ask.task(id_)["status"], told(ask, id_)["iterations"]) == ("Ready", 130))
    assert ask.data(PUSH, id=id_, data=ROWS[:4])["push"]["status"] == "Ready"
    ask.data(PUSH, id=id_, data=[[5, 5]])
    # Had the four begun a run, it would have ended at 134, and the one begun none.
    wait_until(lambda: (ask.task(id_)["status"], told(ask, id_)["iterations"]) == ("Ready", 135))
    assert told(ask, id_)["pushedData"] == 115


@pytest.mark.parametrize(
    "algorithm", [KMEANS | {"iter": 4, "iterFreq": 5}, {"name": "streaming", "iter": 6, "dataFreq": 10}]
)
def test_neither_iterations_nor_rows_go_faster_than_asked(ask: Asker, algorithm: dict[str, Any]) -> None:
    figures = ended(ask, algorithm=algorithm)
    assert figures["iterations"] >= algorithm["iter"]
    assert figures["duration"] >= 0.4e9  # nanoseconds


def test_a_run_ends_with_its_time_and_another_play_has_all_of_it(ask: Asker) -> None:
    rows = with_rows(ROWS * 50, "x", "y")  # for 15 s, so that it does not come to rest
    id_ = ask.play(algorithm=KMEANS | {"timeout": 2, "dataFreq": 20}, dataset=rows)
    wait_until(lambda: told(ask, id_).get("duration", 0) > 0.7e9)
    ask.act("pause", id_)
    ask.play(id=id_)
    over = {"status": "Finished", "error": "TIMEOUT: The time is over."}
    assert ask.act("wait", id_, "status error") == over
    assert told(ask, id_)["duration"] > 2.3e9  # The first timer would have ended it at 2.


@pytest.mark.parametrize(
    ("algorithm", "rows", "asked", "distance"),
    [
        ({"space": "euclid"}, [[1, 1]], [1, 2], 1),
        ({"space": "real"}, [[1, 1]], [1, 2], 1),
        ({"space": "vectors"}, [[1, 1]], [1, 2], 1),
        ({"space": "cosine"}, [[1, 1]], [1, 2], 1 - 3 / np.sqrt(10)),
        ({"space": "complex"}, [[1, 1]], [1, 2], 1),
        ({"space": "cosinus"}, [[1, 1]], [1, 2], 1 - 3 / np.sqrt(10)),
        ({"space": "series"}, [FIRST], SECOND, 4),
        ({"space": "series", "window": 1}, [FIRST], SECOND, 5),
        ({"space": "series", "innerSpace": "euclid"}, [[[1, 1]]], [[1, 2]], 1),
        ({"space": "series", "innerSpace": "cosinus"}, [[[1, 1]]], [[1, 2]], 1 - 3 / np.sqrt(10)),
    ],
)
def test_rows_are_compared_in_the_space_that_is_asked_for(
    ask: Asker, algorithm: dict[str, Any], rows: list[Any], asked: Any, distance: float
) -> None:
    columns = ["v"] if rows == [FIRST] else ["x", "y"]
    id_ = ask.play(algorithm={"name": "kmeans", "k": 1} | algorithm, dataset=with_rows(rows, *columns))
    ask.settled(id_, 1)
    assert ask.data(PREDICT, id=id_, data=[asked])["predict"]["distances"] == pytest.approx([distance])
    ask.act("delete", id_)


def test_streaming_follows_the_original_rule_and_its_mean(ask: Asker) -> None:
    rows = with_rows(TRACE, "x")
    id_ = ask.play(algorithm=RULE, dataset=rows)
    assert ask.settled(id_, 4) == [[0.5], [9.5], [30.5], [100]]
    assert told(ask, id_)["maxDistance"] == 20.5
    one = ask.play(algorithm=RULE | {"mu": 50, "outAfter": 100}, dataset=rows)
    wait_until(lambda: told(ask, one)["iterations"] == len(TRACE))
    assert ask.centres(one) == [pytest.approx([np.mean(TRACE)])]


def test_a_copy_of_streaming_has_its_centres_as_rows(ask: Asker) -> None:
    id_ = ask.play(algorithm=RULE, dataset=with_rows(TRACE, "x"))
    ask.settled(id_, 4)
    copy = ask.act("copy", id_, "id status rows")
    assert (copy["status"], copy["rows"]) == ("Created", 4)
    ask.act("init", copy["id"])
    frame = ask.task(copy["id"], "dataset { dataframe { chunks { data } } }")["dataset"]["dataframe"]
    assert sorted(frame["chunks"][0]["data"]) == [[0.5], [9.5], [30.5], [100]]


def test_streaming_by_default_finds_what_there_is(ask: Asker) -> None:
    random = np.random.default_rng(0)
    rows = 20 * random.integers(0, 3, (600, 1)) + random.normal(size=(600, 2))
    id_ = ask.play(algorithm={"name": "streaming"}, dataset=with_rows(rows.tolist(), "x", "y"))
    np.testing.assert_allclose(ask.settled(id_, 3), [[0, 0], [20, 20], [40, 40]], atol=0.5)
    assert {"width", "micros"} <= told(ask, id_).keys()


def test_mcmc_weighs_a_smaller_loss_by_amp(ask: Asker) -> None:
    rows = with_rows([7, 1, 38, 2, 7, 1, 38, 2, 7, 38], "x")
    settings = {"name": "mcmc", "b": 1e-5, "iter": 300}
    many = ended(ask, algorithm=settings | {"amp": 10}, dataset=rows)
    few = ended(ask, algorithm=settings | {"amp": 1e-9, "b": 1}, dataset=rows)
    assert (len(many["clusters"]), len(few["clusters"])) == (4, 1)


def test_the_figures_of_mcmc_have_their_names(ask: Asker) -> None:
    figures = ended(ask, algorithm={"name": "mcmc", "iter": 50})
    assert {"acceptations", "lambda", "rho", "rHo", "rGibbs"} <= figures.keys()
    assert (figures["time"], figures["iterations"]) == (len(ROWS), 50)


def test_a_frame_keeps_the_newest_rows_and_a_flow_counts_all(ask: Asker) -> None:
    for flow, centre in ((False, [31 / 3, 31 / 3]), (1, [32 / 6, 32 / 6])):
        id_ = ask.play(algorithm={"name": "kmeans", "k": 1, "frameSize": 3, "flow": flow})
        assert ask.settled(id_, 1) == [pytest.approx(centre)]
        found = ask.task(id_, "labels { metadata chunks { data } }")["labels"]
        assert (found["metadata"]["first"], found["chunks"][0]["data"]) == (3, [0, 0, 0])


def test_a_dataset_shows_its_frame_in_short_numbers_and_series_by_their_means(ask: Asker) -> None:
    fields = "dataset { dataframe { metadata chunks { data } } }"
    id_ = ask.play(
        algorithm={"name": "kmeans", "k": 1, "frameSize": 2}, dataset=with_rows([[1], [0.1], [0.5]], "x")
    )
    shown = ask.task(id_, fields)["dataset"]["dataframe"]
    assert shown["metadata"] == {"first": 1, "rows": 2, "sent": 3}
    assert shown["chunks"][0]["data"] == [[float(np.float32(0.1))], [0.5]]
    id_ = ask.play(algorithm={"name": "kmeans", "k": 1, "space": "series"}, dataset=with_rows([FIRST], "v"))
    assert ask.task(id_, fields)["dataset"]["dataframe"]["chunks"][0]["data"] == [[1.5]]


def test_an_identifier_is_not_clustered_and_predictions_are_told(ask: Asker) -> None:
    rows = [[1000 * n, x, y, 7 if x < 5 else 9] for n, (x, y) in enumerate(ROWS)]
    dataset = with_rows(rows, "id", "x", "y", "price")
    id_ = ask.play(identifier="id", predictions=["price"], dataset=dataset)
    assert ask.settled(id_) == [pytest.approx([1 / 3, 1 / 3]), pytest.approx([31 / 3, 31 / 3])]
    assert ask.task(id_, "variables identifier predictions centroids { columns }") == {
        "variables": ["x", "y"],
        "identifier": "id",
        "predictions": ["price"],
        "centroids": {"columns": ["x", "y"]},
    }
    wait_until(
        lambda: sorted(each["predictions"].get("price", 0) for each in told(ask, id_)["clusters"]) == [7, 9]
    )


def test_the_centres_of_another_task_may_be_the_first(ask: Asker) -> None:
    centroids = {"chunks": [{"data": [[8], [9]]}]}
    dataset = with_rows(list(range(10)), "x")
    id_ = ask.play(algorithm=KMEANS | {"init": "given", "iter": 1}, centroids=centroids, dataset=dataset)
    assert ask.act("wait", id_) == {"status": "Ready"}
    assert ask.centres(id_) == [[4], [9]]


def test_who_sends_faster_than_is_read_is_told_to_wait_and_nothing_is_lost(ask: Asker) -> None:
    id_ = ask.play(algorithm=KMEANS | {"dataFreq": 1})
    wait_until(lambda: ask.task(id_)["status"] == "Running")
    ask.data(PUSH, id=id_, data=[[1, 2]] * 2 * WAITING)
    refused = ask.error(PUSH, id=id_, data=[[3, 4]])
    assert refused["extensions"]["code"] == "LIVE_ROWS_WAITING"
    assert refused["extensions"]["retry_after"] >= 1
    ask.data(RECONFIGURE, task={"id": id_, "algorithm": {"dataFreq": 0}})
    wait_until(lambda: "errors" not in ask.answer(PUSH, id=id_, data=[[3, 4]]))
    assert ask.task(id_, "rows") == {"rows": len(ROWS) + 2 * WAITING + 1}


@pytest.mark.parametrize("number", [1, 8])
def test_the_number_of_processors_changes_no_centre(ask: Asker, number: int) -> None:
    id_ = ask.play(algorithm=KMEANS | {"numCPU": number, "parallel": True})
    assert ask.task(id_, "algorithm { numCPU parallel }")["algorithm"] == {"numCPU": number, "parallel": True}
    assert ask.settled(id_) == [pytest.approx([1 / 3, 1 / 3]), pytest.approx([31 / 3, 31 / 3])]
