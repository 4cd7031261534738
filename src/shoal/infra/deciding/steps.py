"""What a decision is made of: what is done now, and what waits."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from shoal.infra.deciding.review import Fate, Verdict


class Do(StrEnum):
    """What a step does: plan a new instance, or let one go (drain it, then drop it)."""

    CREATE = "create"
    RETIRE = "retire"


class Step(NamedTuple):
    """One thing to do now.

    `instance` is who goes, `lost` says that it failed; `number` and `implementation` are of who comes.
    """

    do: Do
    node: str
    reason: str
    instance: str | None = None
    number: int = 0
    implementation: int = 0
    lost: bool = False


class Waiting(NamedTuple):
    """Why a node is not as it is wanted though nothing is done about it now."""

    node: str
    code: str
    reason: str


def retired(verdict: Verdict) -> Step:
    """Return the step that lets an instance go for the reason of its verdict."""
    lost = verdict.fate is Fate.LOST
    return Step(Do.RETIRE, verdict.instance.node, verdict.reason, verdict.instance.id, lost=lost)
