"""Rows out of what was sent: lists of numbers, and dataframes with named columns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from shoal.base.errors import InvalidInput
from shoal.live.log.record import Rows
from shoal.live.model import LiveTask, Wish
from shoal.live.rows import from_json
from shoal.server.cluserve.frames import DataframeInput, elements
from shoal.server.cluserve.scalars import Elemt


async def rows_of(task: LiveTask, data: Sequence[Elemt]) -> Rows:
    """Return the rows of a list; raises InvalidInput, which names the row."""
    sent = elements(data)
    return await asyncio.to_thread(from_json, sent, width_of(task), task.wish.algorithm.space)


async def rows_in(task: LiveTask, dataframe: DataframeInput) -> Rows:
    """Return the rows of a dataframe in the order of the task's columns; raises InvalidInput."""
    order = _order(task.wish.columns, dataframe.columns or ())
    width = len(dataframe.columns) if dataframe.columns else width_of(task)
    return await asyncio.to_thread(_read, dataframe, width, task.wish.algorithm.space, order)


async def first_rows(wish: Wish, dataframe: DataframeInput) -> Rows:
    """Return the rows that come with a task that is not there yet; raises InvalidInput."""
    width = len(wish.columns) or None
    return await asyncio.to_thread(_read, dataframe, width, wish.algorithm.space, None)


def width_of(task: LiveTask) -> int | None:
    """Return how many numbers a row has, None while nobody knows."""
    return len(task.wish.columns) or task.dim


def _read(dataframe: DataframeInput, width: int | None, space: str, order: list[int] | None) -> Rows:
    read = [from_json(piece, width, space) for piece in dataframe.pieces()]
    if not read:
        raise InvalidInput("The dataframe has no rows.", hint="Send chunks with data.")
    if all(isinstance(piece, np.ndarray) for piece in read):
        rows = np.concatenate(_of_one_width(read))
        return rows if order is None else np.ascontiguousarray(rows[:, order])
    series = [each for piece in read for each in piece]
    return series if order is None else [np.ascontiguousarray(each[:, order]) for each in series]


def _of_one_width(read: list[Any]) -> list[Any]:
    widths = sorted({piece.shape[1] for piece in read})
    if len(widths) > 1:
        raise InvalidInput(f"The chunks have rows of {widths[0]} and of {widths[-1]} numbers.")
    return read


def _order(wanted: Sequence[str], sent: Sequence[str]) -> list[int] | None:
    """Return where each column of the task stands among those that were sent; None: as they should."""
    if not wanted or not sent or list(wanted) == list(sent):
        return None
    if missing := [name for name in wanted if name not in sent]:
        raise InvalidInput(
            f"The dataframe has no column {missing[0]!r}.",
            hint=f"The task's columns are {', '.join(wanted)}.",
        )
    return [list(sent).index(name) for name in wanted]
