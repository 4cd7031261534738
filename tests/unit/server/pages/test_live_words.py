from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shoal.live.model import Algorithm, Cluster, Fault, LiveTask, Pace, Summary, Wish
from shoal.live.states import State
from shoal.live.tasks import LiveEvent
from shoal.server.pages.live.changing import kept
from shoal.server.pages.live.fields import ALL, texts_of
from shoal.server.pages.live.form import fresh, is_open, wish_in
from shoal.server.pages.live.looking import Seen
from shoal.server.pages.live.rows import kind_of
from shoal.server.pages.live.slots import Slots
from shoal.server.pages.live.telling import place_of
from shoal.server.pages.live.words import look_of, names_of, sentence, slow, told


def a_task(state: State, **other: Any) -> LiveTask:
    facts: dict[str, Any] = {"error": None, "run": 1, "dim": 2, "rows": 10, "pushed": 10} | other
    return LiveTask(
        id="t", owner="local", wish=facts.pop("wish", Wish()), state=state,
        created=1, changed=1, played=None, ended=None, **facts,
    )  # fmt: skip


def a_summary(row: int = 10, clusters: int = 2) -> Summary:
    every = [Cluster(one, [0.0, 0.0], 5, 0.5, 1) for one in range(1, clusters + 1)]
    return Summary("t", 1, 1, row, 100, row, every)


@pytest.mark.parametrize(
    ("task", "word", "words"),
    [
        (a_task(State.CREATED), "Created", "Not started yet. Rows are accepted and kept."),
        (a_task(State.RUNNING, rows=0), "Running", "No rows yet. This task starts with the first row."),
        (a_task(State.RUNNING), "Running", ""),
        (a_task(State.INITIALIZING), "Initializing", ""),
        (a_task(State.READY), "Ready", "Reached its goal (100 iterations)."),
        (a_task(State.IDLE), "Idle", "Paused. Rows are still accepted and kept."),
        (a_task(State.FINISHED), "Finished", "Stopped. Its clusters are kept."),
        (a_task(State.FINISHED, error=Fault("x", "Row 18 has 4 values.")), "Failed", "Row 18 has 4 values."),
    ],
)
def test_every_state_has_its_words(task: LiveTask, word: str, words: str) -> None:
    assert (look_of(task).word, sentence(task, a_summary())) == (word, words)


@pytest.mark.parametrize(
    ("state", "rows", "words"),
    [
        (State.RUNNING, 40_010, "40,000 rows wait. Senders are told to slow down."),
        (State.RUNNING, 20_010, "20,000 rows wait."),
        (State.RUNNING, 11, ""),
        (State.IDLE, 40_010, ""),
    ],
)
def test_rows_that_wait_are_told_while_a_task_runs(state: State, rows: int, words: str) -> None:
    assert slow(a_task(state, rows=rows), a_summary(), 40_000) == words


def test_rows_without_clusters_promise_them() -> None:
    assert sentence(a_task(State.RUNNING), None) == "The first clusters come in a moment."


@pytest.mark.parametrize(
    ("left", "words"),
    [(90.0, "in about 90 s."), (81.2, "in about 90 s."), (0.5, "in about 10 s."), (0.0, "soon.")],
)
def test_while_kernels_are_compiled_it_is_said_how_long_that_takes(left: float, words: str) -> None:
    assert f"ready {words}" in sentence(a_task(State.RUNNING), None, left)
    assert sentence(a_task(State.RUNNING), a_summary(), left) == ""
    assert "first row" in sentence(a_task(State.RUNNING, rows=0), None, left)


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("birth", {"cluster": 5}, "Cluster 5 born"),
        ("death", {"cluster": 5}, "Cluster 5 gone"),
        ("split", {"cluster": 5, "other": 2}, "Cluster 5 split from 2"),
        ("merge", {"cluster": 4, "other": 3}, "Clusters 3 and 4 merged into 3"),
        ("drift", {"before": 0.4, "after": 1.25}, "Drift: rows lie 1.25 from their clusters, before 0.4"),
        ("drift", {}, "Drift: rows are not as they were"),
        ("something_new", {}, "Something new"),
    ],
)
def test_what_happened_is_said_in_words(kind: str, detail: dict[str, Any], words: str) -> None:
    assert told(LiveEvent(1, "t", 1, 1, kind, detail, 1)) == words


def test_columns_without_names_are_numbered_and_those_not_clustered_left_out() -> None:
    assert names_of(a_task(State.RUNNING), None) == ["column 1", "column 2"]
    wish = Wish(columns=("id", "a", "b", "price"), identifier="id", predictions=("price",))
    assert names_of(a_task(State.RUNNING, wish=wish, dim=4), None) == ["a", "b"]
    assert names_of(a_task(State.RUNNING, wish=replace(wish, variables=("b",)), dim=4), None) == ["b"]


def test_slots_are_those_of_birth_and_stay_while_a_cluster_lives() -> None:
    slots = Slots()
    assert slots.of([1, 2, 3]) == {1: 1, 2: 2, 3: 3}
    assert slots.of([2, 3, 13]) == {2: 2, 3: 3, 13: 1}
    assert slots.of([2, 3, 13, 14]) == {2: 2, 3: 3, 13: 1, 14: 4}
    assert slots.of([3, 13, 14, 26]) == {3: 3, 13: 1, 14: 4, 26: 2}


def test_more_than_twelve_clusters_have_slots_of_their_own() -> None:
    assert Slots().of(range(1, 21)) == {one: one for one in range(1, 21)}


def test_a_wish_goes_through_the_form_and_back() -> None:
    algorithm = Algorithm("streaming", mu=0.25, sigma=0.0, max_k=9, frame_size=500, scale="std", flow=True)
    wish = Wish(
        "a task", ("a", "b", "c"), ("a", "b"), "c", (), algorithm, Pace(iter=20, timeout=1.5), None, 2
    )
    assert wish_in(texts_of(wish), {}) == (wish, {})


def test_the_form_as_it_first_stands_is_a_wish_with_a_bounded_frame() -> None:
    wish, errors = wish_in(fresh("new"), {})
    assert wish == Wish("new", algorithm=Algorithm(frame_size=10_000))
    assert not errors
    assert not is_open(fresh("new"), {})


def test_every_fault_is_said_at_its_field() -> None:
    said = fresh() | {"algorithm": "kmeans", "k": "0", "timeout": "-1", "half_life": "nan"}
    wish, errors = wish_in(said, {})
    assert wish is None
    assert set(errors) == {"k", "timeout", "half_life"}
    assert {one.name for one in ALL} > set(errors)


@pytest.mark.parametrize(
    ("pasted", "kind"),
    [
        ("1,2\n3,4", "text/csv"),
        ("a;b\n1;2", "text/csv"),
        ("[[1, 2], [3, 4]]", "application/json"),
        ("[\n[1, 2],\n[3, 4]\n]", "application/json"),
        ('{"a": 1}\n{"a": 2}', "application/x-ndjson"),
        ("[1, 2]\n[3, 4]\n", "application/x-ndjson"),
        ('{"columns": ["a"],\n "rows": [[1]]}', "application/json"),
    ],
)
def test_pasted_rows_are_known_by_how_they_begin(pasted: str, kind: str) -> None:
    assert kind_of(pasted) == kind


def test_a_series_is_drawn_as_its_mean_over_time() -> None:
    assert list(place_of(Cluster(1, [[0.0, 4.0], [1.0, 5.0], [5.0, 6.0]], 3, 1.0, 1))) == [2.0, 5.0]
    assert list(place_of(Cluster(1, [3.0, 4.0], 3, 1.0, 1))) == [3.0, 4.0]


def test_a_form_of_settings_keeps_what_it_does_not_ask_for() -> None:
    wish = Wish(
        algorithm=Algorithm("kmeans", k=2, given=[[1.0], [2.0]], init="given"),
        pace=Pace(num_cpu=2, parallel=True, iter=9),
        dataset="d",
    )
    seen = Seen(a_task(State.READY, wish=wish), None)
    found, errors = wish_in(texts_of(wish) | {"iter": ""}, kept(seen))
    assert errors == {}
    assert found == replace(wish, pace=replace(wish.pace, iter=0))
