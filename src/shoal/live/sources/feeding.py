"""Giving a task what a source has: no row lost, none twice, whatever is killed when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shoal.base.errors import InvalidInput
from shoal.live.sources.diary import Diary
from shoal.live.sources.source import Batch, Source

Push = Callable[[list[Any], str], bool]
Tell = Callable[[str], object]


def feed(
    source: Source, diary: Diary, push: Push, *, tell: Tell, going: Callable[[], bool] = lambda: True
) -> int:
    """Push what a source gives until it has no more, and return how many new rows that was.

    Args:
        source: where rows come from.
        diary: remembers how far they were pushed.
        push: takes rows and their key; returns when they are safe, whether they are new. It may be called
            again with both.
        tell: hears of what was left out: a line that is no row, a row that the task refused.
        going: asked now and then; when it says no, feeding ends.

    Raises:
        ShoalError: what `push` raises, but for a row that is refused.
    """
    rows = 0
    if diary.pending is not None:
        rows += _send(Batch(diary.pending.rows, diary.pending.place), diary, push, tell)
    for batch in source.batches(diary.place):
        if batch is not None:
            for words in batch.left:
                tell(words)
            rows += _send(batch, diary, push, tell)
            source.taken(batch)
        if not going():
            break
    return rows


def _send(batch: Batch, diary: Diary, push: Push, tell: Tell) -> int:
    """Push a batch, and return how many rows were new; one that the task cannot take is told and left out."""
    pending, are_new = diary.pending or diary.intend(batch), True
    while pending.rows:
        try:
            are_new = push(pending.rows, pending.key)
            break
        except InvalidInput as error:
            refused = error.details.get("row")
            if not isinstance(refused, int) or not 0 <= refused < len(pending.rows):
                raise
            tell(f"left out: {error.message} {str(pending.rows[refused])[:80]}")
            # Nothing of it was taken. The rest is another batch, with a key of its own.
            rest = [*pending.rows[:refused], *pending.rows[refused + 1 :]]
            pending = diary.intend(Batch(rest, pending.place))
    diary.done()
    return len(pending.rows) if are_new else 0
