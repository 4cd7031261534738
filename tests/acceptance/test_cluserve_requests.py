"""Cluserve's documented requests over HTTP: the guide's three, the fragments as printed, every operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import requests
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport

from tests.support.asking import add
from tests.support.graphql import FRAGMENTS, KMEANS, PATH, ROWS, Asker
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

COLUMNS = ["color", "weight", "age"]
# As the guide prints it; of the other two requests what is not GraphQL was mended.
TASK = {
    "name": "test",
    "variables": COLUMNS,
    "algorithm": {"name": "mcmc"},
    "dataset": {"dataframe": {"columns": COLUMNS, "chunks": [{"data": [[1, 2, 3]]}]}},
}
PLAY = "mutation Play($task: TaskInput!){ play(task: $task) { id } }"
READ = "query Task($id: String!) { task(id: $id) { status centroids { chunks { data } } } }"
PUSH = (
    "mutation PushData($id: uuid!, $dataframe: DataframeInput!)"
    "{ pushData(id: $id, dataframe: $dataframe) { status centroids { metadata } } }"
)
CENTRES = np.array([[1 / 3, 1 / 3], [31 / 3, 31 / 3]])

SENT = "rows"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("cluserve") / "home") as served:
        yield served


@pytest.fixture
def ask(server: Served) -> Iterator[Asker]:
    with server.http() as http:
        yield Asker(http)


def test_the_three_requests_of_the_guide_run_with_requests(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")

    def post(query: str, variables: dict[str, Any]) -> Any:
        reply = requests.post(
            f"{server.url}{PATH}", json={"query": query, "variables": variables}, timeout=120
        )
        reply.raise_for_status()
        body = reply.json()
        assert not body.get("errors"), body["errors"][0]["message"]
        return body["data"]

    id_ = post(PLAY, {"task": TASK})["play"]["id"]
    found = post(READ, {"id": id_})["task"]
    assert found["status"] in ("Initializing", "Running", "Ready")
    assert found["centroids"]["chunks"][0]["data"] in ([], [[1.0, 2.0, 3.0]])
    frame = {"columns": COLUMNS, "chunks": [{"data": [4, 5, 6]}]}
    metadata = post(PUSH, {"id": id_, "dataframe": frame})["pushData"]["centroids"]["metadata"]
    assert isinstance(metadata["iterations"], int)
    read = READ.replace("chunks { data }", "metadata")
    found = wait_until(lambda: _with_figures(post(read, {"id": id_})), timeout=200)
    assert found["pushedData"] == 2
    assert found["rHo"] == found["rho"]


def _with_figures(data: Any) -> Any:
    metadata = data["task"]["centroids"]["metadata"]
    return metadata if metadata["pushedData"] == 2 and metadata["iterations"] and "rho" in metadata else None


def test_the_three_requests_run_with_the_gql_client(server: Served) -> None:
    transport = HTTPXTransport(url=f"{server.url}{PATH}", timeout=120, trust_env=False)
    with Client(transport=transport, fetch_schema_from_transport=True) as session:

        def execute(query: str, variables: dict[str, Any]) -> Any:
            request = gql(query)
            request.variable_values = variables
            return session.execute(request)

        id_ = execute(PLAY, {"task": TASK | {"algorithm": KMEANS}})["play"]["id"]
        found = execute(READ, {"id": id_})["task"]
        assert found["centroids"]["chunks"][0]["data"] in ([], [[1.0, 2.0, 3.0]])
        frame = {"columns": COLUMNS, "chunks": [{"data": [[4, 5, 6]]}]}
        push = PUSH.replace("uuid!", "String!")  # the client looks at the schema before it sends
        pushed = execute(push, {"id": id_, "dataframe": frame})
        assert "iterations" in pushed["pushData"]["centroids"]["metadata"]
        with pytest.raises(TransportQueryError, match="no live task"):
            execute(READ, {"id": "nothing"})


def test_the_fragments_run_as_they_are_printed_and_come_back_as_an_input(ask: Asker) -> None:
    id_ = ask.play(identifier=None, predictions=[])
    ask.settled(id_)
    text = "query ($id: String!) { task(id: $id) { ...TaskFragment access { ...AccessFragment } } }"
    task = ask.data(text + FRAGMENTS, id=id_)["task"]
    assert task["algorithm"] | {"name": "kmeans", "k": 2, "frameSize": 0} == task["algorithm"]
    assert (task["variables"], task["centroids"]["dim"]) == (["x", "y"], 2)
    assert task["centroids"]["size"] == task["centroids"]["chunks"][0]["size"] == 2 * 2 * 8
    assert np.array(sorted(task["centroids"]["chunks"][0]["data"])) == pytest.approx(CENTRES)
    assert task["dataset"]["dataframe"]["chunks"][0]["data"] == ROWS
    labels = task["labels"]["chunks"][0]["data"]
    assert labels in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    assert [each["role"] for each in task.pop("access")["memberships"]] == ["admin"]
    task["algorithm"]["frameSize"] = 3
    tasks = "mutation ($task: TaskInput!) { reconfigure(task: $task) { ...TaskFragment } }"
    changed = ask.data(tasks + FRAGMENTS.partition("fragment Dataframe")[1] + _after(), task=task)
    assert changed["reconfigure"]["algorithm"] == task["algorithm"]


def _after() -> str:
    return FRAGMENTS.partition("fragment Dataframe")[2]


def test_tasks_are_all_or_those_with_these_ids(ask: Asker) -> None:
    made = {ask.play(name=f"task {n}") for n in range(3)}
    everything = {each["id"] for each in ask.data("{ tasks { id } }")["tasks"]}
    assert made <= everything
    one = sorted(made)[0]
    query = "query ($ids: [String!]) { tasks(ids: $ids) { id name } }"
    assert [each["id"] for each in ask.data(query, ids=[one, "nothing"])["tasks"]] == [one]
    assert ask.data(query, ids=[])["tasks"] == []
    for each in made:
        ask.act("delete", each)


def test_a_task_goes_through_its_life_and_says_why_when_it_may_not(ask: Asker) -> None:
    id_ = ask.play()
    assert np.array(ask.settled(id_)) == pytest.approx(CENTRES)

    def refused(name: str) -> str:
        return ask.code(f"mutation ($id: String!) {{ {name}(id: $id) {{ id }} }}", id=id_)

    assert refused("wait") == "NEVER_FINISH"
    assert refused("init") == "ALREADY_CREATED"
    assert ask.code("mutation ($t: TaskInput!) { play(task: $t) { id } }", t={"id": id_}) == "RUNNING"
    assert ask.act("pause", id_) == {"status": "Idle"}
    assert refused("pause") == "NOT_RUNNING"
    assert refused("wait") == "IDLE"
    assert ask.play(id=id_) == id_
    assert ask.act("stop", id_) == {"status": "Finished"}
    assert refused("stop") == "NOT_ALIVE"
    assert ask.act("wait", id_) == {"status": "Finished"}
    assert ask.act("delete", id_, "id")["id"] == id_
    assert ask.code("query ($id: String!) { task(id: $id) { id } }", id=id_) == "NOT_FOUND"


def test_a_run_that_meets_its_goal_can_be_waited_for(ask: Asker) -> None:
    id_ = ask.play(algorithm=KMEANS | {"iter": 5})
    assert ask.act("wait", id_, "status error") == {"status": "Ready", "error": None}
    assert ask.task(id_, "figures")["figures"]["iterations"] == 5
    fields = 'figures(id: $id) history(id: $id, metrics: ["inertia"]) wait(id: $id) { id }'
    found = ask.data(f"query ($id: String!) {{ {fields} }}", id=id_)
    assert found["figures"]["inertia"] == pytest.approx(8 / 3)
    assert found["history"]
    assert found["wait"] == {"id": id_}


def test_a_task_made_without_a_run_waits_for_init(ask: Asker) -> None:
    query = "mutation ($task: TaskInput!) { create(task: $task) { id status } }"
    made = ask.data(query, task={"variables": ["x", "y"], "algorithm": KMEANS})["create"]
    assert made["status"] == "Created"
    ask.data("mutation ($id: String!) { push(id: $id, data: [[1, 2], [3, 4]]) { id } }", id=made["id"])
    ask.act("init", made["id"])
    assert wait_until(lambda: ask.task(made["id"])["status"] == "Ready")


def test_a_flat_list_is_one_row_or_one_row_a_number(ask: Asker) -> None:
    push = f"mutation ($id: String!, $data: [Elemt!]!) {{ push(id: $id, data: $data) {{ {SENT} }} }}"

    def sent(id: str, data: list[Any]) -> int:
        return _sent(ask.data(push, id=id, data=data))

    two = ask.play()
    assert sent(two, [5, 5]) == len(ROWS) + 1
    assert sent(two, [[5, 5], [6, 6]]) == len(ROWS) + 3
    error = ask.error(push, id=two, data=[1, 2, 3])
    assert error["extensions"] == {"code": "INVALID_INPUT", "dim": 2}
    one = ask.play(dataset={"dataframe": {"columns": ["x"], "chunks": [{"data": [1, 2, 3]}]}})
    assert sent(one, [7, 8, 9, 10]) == 7


def _sent(data: Any) -> int:
    return int(data["push"]["rows"])


def test_a_frame_may_have_its_columns_in_another_order(ask: Asker) -> None:
    id_ = ask.play(algorithm=KMEANS | {"k": 1})
    ask.settled(id_, 1)
    push = "mutation ($id: uuid!, $frame: DataframeInput!) { pushData(id: $id, dataframe: $frame) { id } }"
    ask.data(push, id=id_, frame={"columns": ["y", "x"], "chunks": [{"data": [[1, 2]]}, {"data": [[3, 4]]}]})
    rows = wait_until(lambda: _rows(ask, id_, 8))
    assert rows[-2:] == [[2, 1], [4, 3]]
    wrong = {"columns": ["x", "z"], "chunks": [{"data": [[1, 2]]}]}
    assert "no column 'y'" in ask.error(push, id=id_, frame=wrong)["message"]


def _rows(ask: Asker, id: str, n: int) -> Any:
    rows = ask.task(id, "dataset { dataframe { chunks { data } } }")["dataset"]["dataframe"]["chunks"][0][
        "data"
    ]
    return rows if len(rows) == n else None


def test_rows_under_one_key_count_once(ask: Asker) -> None:
    id_ = ask.play()
    push = f'mutation ($id: String!) {{ push(id: $id, data: [[5, 5]], key: "one") {{ {SENT} }} }}'
    sent = [_sent(ask.data(push, id=id_)) for _ in range(3)]
    assert sent == [len(ROWS) + 1] * 3


def test_rows_are_told_their_clusters(ask: Asker) -> None:
    id_ = ask.play()
    ask.settled(id_)
    fields = "predict(id: $id, data: [[0, 0], [10, 10]], soft: $soft) { labels ids distances shares }"
    query = f"query ($id: String!, $soft: Boolean) {{ {fields} }}"
    hard = ask.data(query, id=id_)["predict"]
    assert sorted(hard["labels"]) == [0, 1]
    assert hard["distances"] == pytest.approx([np.hypot(1 / 3, 1 / 3)] * 2)
    soft = ask.data(query, id=id_, soft=True)["predict"]
    assert np.sum(soft["shares"], axis=1) == pytest.approx([1, 1])
    assert soft["labels"] == hard["labels"]


def test_a_copy_has_the_rows_and_an_export_the_centres(ask: Asker) -> None:
    id_ = ask.play()
    centres = ask.settled(id_)
    copy = ask.act("copy", id_, "id status")
    assert copy["status"] == "Created"
    assert _rows(ask, copy["id"], len(ROWS)) == ROWS
    exported = ask.data("query ($id: String!) { export(id: $id) }", id=id_)["export"]
    query = 'mutation ($data: String!) { import(data: $data, name: "again") { id name } }'
    made = ask.data(query, data=exported)["import"]
    assert made["name"] == "again"
    assert np.array(ask.settled(made["id"])) == pytest.approx(np.array(centres))
    assert ask.code(query, data="not base 64") == "INVALID_INPUT"


def test_a_task_may_take_the_rows_of_a_stored_dataset(ask: Asker) -> None:
    rows = "x,y\n" + "".join(f"{x},{y}\n" for x, y in ROWS)
    dataset = add(ask.http, rows, "rows.csv")
    id_ = ask.play(dataset={"id": dataset})
    assert np.array(ask.settled(id_)) == pytest.approx(CENTRES)
    assert ask.task(id_, "variables dataset { id }") == {"variables": ["x", "y"], "dataset": {"id": dataset}}
    query = "mutation ($task: TaskInput!) { play(task: $task) { id } }"
    assert ask.code(query, task={"dataset": {"id": "nothing"}}) == "NOT_FOUND"


def test_settings_are_changed_in_place_and_say_what_is_wrong_with_them(ask: Asker) -> None:
    id_ = ask.play()
    ask.settled(id_)
    query = "mutation ($task: TaskInput!) { reconfigure(task: $task) { status algorithm { k frameSize } } }"
    changed = ask.data(query, task={"id": id_, "algorithm": {"k": 3}})["reconfigure"]
    assert changed == {"status": "Running", "algorithm": {"k": 3, "frameSize": 0}}
    assert len(ask.settled(id_, 3)) == 3
    error = ask.error(query, task={"id": id_, "algorithm": {"iterFreq": -1, "name": "graph"}})
    assert [each["pointer"] for each in error["extensions"]["errors"]] == [
        "/algorithm/name",
        "/algorithm/iterFreq",
    ]
    assert ask.task(id_)["status"] == "Running"
    assert ask.code(query, task={"algorithm": {"k": 3}}) == "INVALID_INPUT"


@pytest.mark.parametrize(("given", "told"), [(1, True), (0, False), (True, True), (False, False)])
def test_parallel_is_a_switch_or_a_number(ask: Asker, given: object, told: bool) -> None:
    id_ = ask.play(algorithm=KMEANS | {"parallel": given})
    assert ask.task(id_, "algorithm { parallel }") == {"algorithm": {"parallel": told}}
    field = "reconfigure(task: {id: $id, algorithm: {parallel: 1}}) { algorithm { parallel } }"
    query = f"mutation ($id: String!) {{ {field} }}"
    assert ask.data(query, id=id_)["reconfigure"]["algorithm"]["parallel"] is True
    ask.act("delete", id_)


@pytest.mark.parametrize("name", ["kInit", "initK"])
def test_the_first_number_of_clusters_has_two_names(ask: Asker, name: str) -> None:
    id_ = ask.play(algorithm={"name": "mcmc", name: 3})
    assert ask.task(id_, "algorithm { kInit initK }") == {"algorithm": {"kInit": 3, "initK": 3}}
    ask.act("delete", id_)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("rand", "random"),
        ("random", "random"),
        ("given", "given"),
        ("pp", "kmeans_pp"),
        ("kmeans++", "kmeans_pp"),
    ],
)
def test_initialisers_have_the_names_of_all_three_libraries(ask: Asker, written: str, meant: str) -> None:
    id_ = ask.play(algorithm=KMEANS | {"init": written})
    assert ask.task(id_, "algorithm { init }") == {"algorithm": {"init": meant}}
    ask.act("delete", id_)


def test_series_are_lists_of_vectors(ask: Asker) -> None:
    series = [[[0], [1], [2]], [[0], [1], [1], [2]], [[9], [8], [9]], [[9], [9], [8]]]
    frame = {"columns": ["v"], "chunks": [{"data": series}]}
    algorithm = KMEANS | {"space": "series", "innerSpace": "euclid", "window": 2}
    id_ = ask.play(algorithm=algorithm, dataset={"dataframe": frame})
    centres = ask.settled(id_)
    assert [len(centre[0]) for centre in centres] == [1, 1]
    push = "mutation ($id: String!, $data: [Elemt!]!) { push(id: $id, data: $data) { id } }"
    assert ask.code(push, id=id_, data=[1, 2]) == "INVALID_INPUT"
