"""The state table, cell by cell, as the older service had it."""

from __future__ import annotations

import pytest

from shoal.live.errors import WORDS
from shoal.live.states import ALIVE, TABLE, Act, State, step, told

C, N, R, G, D, F = State.CREATED, State.INITIALIZING, State.READY, State.RUNNING, State.IDLE, State.FINISHED

# What each act leads to: a state, a state with the one that follows it, or the code of a refusal.
CELLS = {
    (C, Act.INIT): (N, R),
    (C, Act.PLAY): (N, G),
    (C, Act.PAUSE): "not_running",
    (C, Act.WAIT): "not_running",
    (C, Act.STOP): "not_alive",
    (N, Act.INIT): "initializing",
    (N, Act.PLAY): "initializing",
    (N, Act.PAUSE): "initializing",
    (N, Act.WAIT): None,
    (N, Act.STOP): F,
    (R, Act.INIT): "already_created",
    (R, Act.PLAY): G,
    (R, Act.PAUSE): "not_running",
    (R, Act.WAIT): None,
    (R, Act.STOP): F,
    (G, Act.INIT): "already_created",
    (G, Act.PLAY): "running",
    (G, Act.PAUSE): D,
    (G, Act.WAIT): None,
    (G, Act.STOP): F,
    (D, Act.INIT): "already_created",
    (D, Act.PLAY): G,
    (D, Act.PAUSE): "not_running",
    (D, Act.WAIT): "idle",
    (D, Act.STOP): F,
    (F, Act.INIT): (N, R),
    (F, Act.PLAY): (N, G),
    (F, Act.PAUSE): "not_running",
    (F, Act.WAIT): None,
    (F, Act.STOP): "not_alive",
}


def test_every_cell_of_the_table_is_looked_at() -> None:
    assert set(CELLS) == {(state, act) for state in State for act in Act}
    assert {state for state in TABLE} == set(State)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell[0]}-{cell[1]}")
def test_an_act_does_what_the_table_says(cell: tuple[State, Act]) -> None:
    done, expected = step(*cell), CELLS[cell]
    if isinstance(expected, State) or expected is None:
        assert (done.to, done.then, done.refused) == (expected, None, None)
    elif isinstance(expected, tuple):
        assert (done.to, done.then, done.refused) == (*expected, None)
    else:
        assert (done.to, done.refused) == (None, expected)


def test_only_a_finished_task_begins_a_new_run() -> None:
    assert {cell for cell in CELLS if step(*cell).anew} == {(F, Act.INIT), (F, Act.PLAY)}


def test_every_refusal_has_words() -> None:
    refused = {step(*cell).refused for cell in CELLS} - {None}
    assert refused <= set(WORDS)


@pytest.mark.parametrize("state", State)
def test_a_failure_ends_what_is_followed_and_nothing_else(state: State) -> None:
    assert told(state, None, F) is (F if state in ALIVE | {N} else None)


@pytest.mark.parametrize(
    ("state", "then", "after"),
    [(N, R, R), (N, G, G), (G, None, R), (D, None, None), (R, None, None), (C, None, None), (F, None, None)],
)
def test_a_goal_that_is_met_makes_a_running_task_ready(
    state: State, then: State | None, after: State | None
) -> None:
    assert told(state, then, R) is after
