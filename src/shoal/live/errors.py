"""Why something cannot be done with a live task: the older service's codes, in lower case."""

from __future__ import annotations

from types import MappingProxyType

from shoal.base.errors import Conflict, TooLarge, TooManyRequests, Unavailable

WORDS = MappingProxyType(
    {
        "not_running": ("The task does not run.", "Play it first."),
        "running": ("The task runs already.", "Pause or stop it first."),
        "initializing": ("The task is being initialised.", "Wait for it."),
        "already_created": ("The task is initialised already.", "Stop it to begin anew."),
        "not_idle": ("The task is not paused.", "Pause it first."),
        "idle": ("The task is paused.", "Play it to let it go on."),
        "timeout": ("The time is over.", "Give it more time, or none to wait for."),
        "never_finish": (
            "Nothing can end this task's run by itself.",
            "Give it iter, iter_per_data or until, or a timeout.",
        ),
        "finished": ("The task has ended.", "Play it to begin anew."),
        "not_iterate": ("The task has made no iteration.", "Send rows and play it."),
        "not_alive": ("The task is not alive.", "Play it first."),
        "live_host_died": (
            "Every process that followed this task died soon after it began.",
            "Look at its rows and settings, and at the logs of its hosts.",
        ),
        "reconfiguring": ("The task is being reconfigured.", "Wait for it."),
    }
)


class LiveConflict(Conflict):
    """Say that the task is in a state that does not allow this; `error_code` is one of `WORDS`."""

    code = "not_alive"

    def __init__(self, code: str, task: str = "") -> None:
        message, hint = WORDS[code]
        details = {"task": task} if task else {}
        super().__init__(message, hint=hint, code=code, **details)


class Busy(Unavailable):
    """Say that the process that follows a task is too busy to answer, or too many died; nothing was done."""

    code = "live_host_busy"

    def __init__(self, task: str) -> None:
        super().__init__(
            "The process that follows this task has not answered in time.",
            hint="It may be busy with long iterations. Ask again in a moment.",
            task=task,
            retry_after=5,
        )


class RowsWaiting(TooManyRequests):
    """Say that a task has not read so many rows that it takes no more for now; nothing was taken."""

    code = "live_rows_waiting"

    def __init__(self, task: str, waiting: int, retry_after: int = 1) -> None:
        super().__init__(
            f"{waiting:,} rows wait to be read by the task; these were not taken.",
            hint="Send them again in a moment.",
            task=task,
            waiting=waiting,
            retry_after=retry_after,
        )


class TaskFull(TooLarge):
    """Say that a task keeps as many bytes of rows as it may; nothing was taken."""

    code = "task_full"

    def __init__(self, task: str, limit: int) -> None:
        super().__init__(
            f"The task may keep {limit:,} bytes of rows, and these would be more.",
            hint="Give it a frame (frame_size), so that older rows can go, or raise live.task_size.",
            task=task,
            limit=limit,
        )


class TooManyTasks(TooManyRequests):
    """Say that an owner has as many live tasks as there may be."""

    code = "too_many_tasks"

    def __init__(self, owner: str, limit: int) -> None:
        super().__init__(
            f"{owner} has {limit} live tasks, which is the limit.",
            hint="Delete one, or raise live.tasks_per_owner.",
            limit=limit,
        )
