"""What happens to a form that asks for a job and could be read: a job, a schedule, or what was wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Actor
from shoal.base.errors import ShoalError
from shoal.server.pages.flash import go
from shoal.server.pages.job.asking import Errors, errors_of
from shoal.server.pages.job.fields import Field
from shoal.server.pages.job.submitting import scheduled, submitted
from shoal.server.pages.jobs.wanted import PATH
from shoal.server.parts import House

SCHEDULES = "/app/queue#schedules"


async def handed_in(
    request: Request,
    house: House,
    actor: Actor,
    body: Mapping[str, Any],
    texts: Mapping[str, str],
    fields: Sequence[Field],
) -> Response | Errors:
    """Return where the browser goes on, or what is wrong by field."""
    cron = texts.get("cron", "").strip()
    try:
        if not cron:
            return go(request, f"{PATH}/{await submitted(house, actor, body)}")
        zone = texts.get("timezone", "").strip() or "UTC"
        made = await scheduled(house, actor, body, cron=cron, zone=zone)
    except ShoalError as error:
        return _placed(errors_of(error, fields), error, cron)
    return go(request, SCHEDULES, f"{made.name or 'It'} is handed in again and again from now on.")


def _placed(found: Errors, error: ShoalError, cron: str) -> Errors:
    """Put what a schedule's time is refused for at its field."""
    if not cron or set(found) != {""} or "errors" in error.details:
        return found
    return {"timezone" if "zone" in error.details else "cron": found[""]}
