"""Whether rows that a task has already can be what another wish takes them for."""

from __future__ import annotations

from shoal.base.errors import InvalidInput
from shoal.live.model import LiveTask, Wish


def check_fit(task: LiveTask, wish: Wish) -> None:
    """Pass when a task's rows are of the kind that a wish is for.

    Raises:
        InvalidInput: they are series and not vectors, or the other way round, or have not so many columns.
    """
    if not task.rows:
        return
    series = task.wish.algorithm.space == "series"
    if series is not (wish.algorithm.space == "series"):
        raise InvalidInput(
            f"The task's rows are {'series' if series else 'vectors'}, and these stay what they are.",
            hint="Make another task for the others.",
        )
    if wish.columns and task.dim is not None and len(wish.columns) != task.dim:
        raise InvalidInput(
            f"{len(wish.columns)} columns are named, and the task's rows have {task.dim} numbers.",
            hint="Name them all.",
        )
