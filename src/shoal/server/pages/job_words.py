"""What people call kinds of jobs, and why jobs wait."""

from __future__ import annotations

from shoal.jobs.states import Reason

KINDS = {
    "function": "script",
    "eval": "Python text",
    "study.fits": "study: fits",
    "study.gather": "study: scores",
    "study.finish": "study: answer",
    "study.open": "study: labels",
    "study.draw": "study: figures",
    "live.host": "live tasks",
    "infra.pass": "infrastructure: changes",
    "infra.keeper": "infrastructure: watch",
    "infra.glance": "infrastructure: a look",
    "infra.sweep": "infrastructure: lost machines",
    "schedule.tick": "schedules",
    "webhook.deliver": "webhook",
}
# What the house does by itself; lists show it to those who ask for it.
OWN = ("study.", "live.", "infra.", "schedule.", "webhook.")
WAITS = {
    Reason.READY: "for a free worker",
    Reason.DEPENDENCY: "for other jobs",
    Reason.TIME: "for its time",
    Reason.LIMIT: "for a limit",
    Reason.LABEL: "for a worker with its labels",
    Reason.RATE: "for the starts a minute",
    Reason.DRAIN: "for workers that drain",
}


def kind_words(kind: str) -> str:
    """Return a kind as people call it."""
    return KINDS.get(kind, kind)


def is_own(kind: str) -> bool:
    """Say whether jobs of a kind are the house's own work."""
    return kind.startswith(OWN)


def waits_words(reason: Reason) -> str:
    """Return what a job waits for, in words."""
    return WAITS[reason]
