"""A frame holds the last rows in order, however they come."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.clustering.online.frame import LEAST_ROOM, Frame, longest

Parts = list[tuple[int, bool, bool]]
Rows = np.ndarray[Any, np.dtype[np.float64]]


def numbered(first: int, count: int) -> Rows:
    """Return rows that tell their number."""
    return np.repeat(np.arange(first, first + count, dtype=float)[:, None], 3, axis=1)


chunks = st.lists(st.tuples(st.integers(0, 700), st.booleans(), st.booleans()), max_size=40)


@settings(deadline=None)
@given(chunks, st.sampled_from([0, 1, 5, 300, 5000]))
def test_any_chunks_of_the_same_rows_give_the_same_frame(parts: Parts, size: int) -> None:
    frame, seen, weights = Frame(size), 0, np.empty(0)
    for count, plain, weighted in parts:
        rows = numbered(seen, count)
        given_weights = np.arange(count) % 3 + 1.0 if weighted and count else np.ones(count)
        if weighted and count:
            frame.append(rows, given_weights)
        elif not (plain and frame.take(rows)):
            frame.append(rows)
        seen += count
        weights = np.concatenate([weights, given_weights])
    kept = min(seen, size) if size else seen
    assert (frame.seen, len(frame)) == (seen, kept)
    if kept:
        assert np.array_equal(frame.rows, numbered(seen - kept, kept))
        assert frame.weights.size in (0, kept)
        assert np.array_equal(frame.weights if frame.weights.size else np.ones(kept), weights[-kept:])


@pytest.mark.parametrize("size", [10, 5000, 90_000])
def test_memory_follows_the_frame_and_not_the_stream(size: int) -> None:
    frame = Frame(size)
    for first in range(0, 8 * size, 997):
        frame.append(numbered(first, min(997, size)))
        assert len(frame._table) <= longest(size) <= 2 * size + LEAST_ROOM


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e160, -1e160])
def test_rows_that_cannot_be_used_leave_a_frame_as_it_was(bad: float) -> None:
    frame = Frame(50)
    assert frame.take(numbered(0, 40))
    for place in itertools.product((0, 6), (0, 2)):
        rows = numbered(40, 7)
        rows[place] = bad
        assert not frame.take(rows)
        assert frame.seen == 40
        assert np.array_equal(frame.rows, numbered(0, 40))
    assert frame.take(numbered(40, 30))
    assert np.array_equal(frame.rows, numbered(20, 50))


def test_the_fresh_share_is_of_the_rows_that_are_there() -> None:
    frame = Frame(100)
    assert frame.fresh(0) == 0
    frame.append(numbered(0, 100))
    assert [frame.fresh(mark) for mark in (0, 100)] == [1, 0]
    frame.append(numbered(100, 25))
    assert frame.fresh(100) == 0.25
    frame.append(numbered(125, 400))
    assert frame.fresh(100) == 1


def test_a_frame_that_shrinks_keeps_the_newest() -> None:
    frame = Frame(0)
    frame.append(numbered(0, 300))
    frame.resize(7)
    assert np.array_equal(frame.rows, numbered(293, 7))
    frame.resize(0)
    frame.append(numbered(300, 5))
    assert np.array_equal(frame.rows, numbered(293, 12))


def test_joined_frames_take_turns() -> None:
    one, two = Frame(6, 3), Frame(6, 3)
    one.append(numbered(0, 4))
    two.append(numbered(10, 2), np.array([2.0, 3.0]))
    one.join(two)
    assert one.rows[:, 0].tolist() == [0, 10, 1, 2, 11, 3]
    assert one.weights.tolist() == [1, 2, 1, 1, 3, 1]
    assert one.seen == 6
    one.join(Frame(6, 3))
    assert len(one) == 6
