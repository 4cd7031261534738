"""Who may run what: rights of the actor, and what the settings of the house allow."""

from __future__ import annotations

from shoal.access import Action, Actor, require
from shoal.base.errors import Forbidden
from shoal.base.settings import Settings
from shoal.jobs.requests.fields import StepRequest
from shoal.jobs.requests.request import JobRequest


def allow(actor: Actor, request: JobRequest, settings: Settings) -> None:
    """Pass when the actor may have this run here.

    Raises:
        Forbidden: the actor has no right to run programs, or the settings do not allow it.
    """
    require(actor, Action.JOB_EXECUTE)
    for each in request.steps or [request]:
        _allow(actor, each, settings)


def _allow(actor: Actor, request: StepRequest, settings: Settings) -> None:
    if request.runner in ("command", "batch") and not settings.execution.commands:
        raise _switched_off(request, "execution.commands")
    if request.runner == "eval":
        if not settings.execution.eval:
            raise _switched_off(request, "execution.eval")
        require(actor, Action.JOB_EVALUATE)


def _switched_off(request: StepRequest, setting: str) -> Forbidden:
    return Forbidden(
        f"This server does not run jobs of the runner {request.runner!r}.",
        hint=f"Who runs this server can allow it: the setting {setting}.",
        code="not_permitted",
    )
