"""Finding what the page of a live task shows."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Path

from shoal.access import Action, Actor
from shoal.live.model import LiveTask, Summary
from shoal.live.states import ALIVE, State
from shoal.server.api.live_finding import found_task
from shoal.server.pages.live.words import names_of
from shoal.server.parts import House
from shoal.server.rules import Rule

PATH = "/app/live"
Id = Annotated[str, Path(max_length=255)]
Reader = Annotated[Actor, Depends(Rule(Action.LIVE_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.LIVE_CREATE))]
Pusher = Annotated[Actor, Depends(Rule(Action.LIVE_PUSH))]
Changer = Annotated[Actor, Depends(Rule(Action.LIVE_CHANGE))]
Remover = Annotated[Actor, Depends(Rule(Action.LIVE_DELETE))]


class Seen(NamedTuple):
    """A task as its page shows it; a summary of an earlier run is left out."""

    task: LiveTask
    summary: Summary | None

    @property
    def here(self) -> str:
        """Return where its page is."""
        return path_of(self.task)

    @property
    def label(self) -> str:
        """Return what it is called."""
        return label_of(self.task)

    @property
    def names(self) -> list[str]:
        """Return what the columns are called that are clustered."""
        return names_of(self.task, self.summary)

    @property
    def is_drawn(self) -> bool:
        """Say whether it is known which columns rows have."""
        return bool(self.names)

    @property
    def alive(self) -> bool:
        """Say whether it can be stopped."""
        return self.task.state in ALIVE

    @property
    def may_play(self) -> bool:
        """Say whether it does not run, and can."""
        return self.task.state not in (State.RUNNING, State.INITIALIZING)

    def facts(self) -> dict[str, Any]:
        """Return what every template of a task needs."""
        return {"seen": self, "task": self.task, "label": self.label, "here": self.here}


async def seen(house: House, actor: Actor, id_: str, action: Action = Action.LIVE_READ) -> Seen:
    """Return a task that somebody may do something to; raises NotFound and Forbidden."""
    task = await found_task(house, actor, action, id_)
    return Seen(task, current(task, await house.live.summary(task.id)))


def current(task: LiveTask, summary: Summary | None) -> Summary | None:
    """Return a summary unless it is of an earlier run."""
    return summary if summary is not None and summary.run == task.run else None


def label_of(task: LiveTask) -> str:
    """Return what a task is called: its name, else its id."""
    return task.wish.name or f"Task {task.id}"


def path_of(task: LiveTask) -> str:
    """Return where a task's page is."""
    return f"{PATH}/{task.id}"
