"""Handing in what a form asks for: once, or by a schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from shoal.access import Action, Actor, require
from shoal.jobs.requests.request import read
from shoal.jobs.schedules import keeping
from shoal.jobs.schedules.schedule import Schedule
from shoal.server import offload
from shoal.server.api.job_submission import SUBMIT
from shoal.server.api.schedules import CHANGE
from shoal.server.parts import House


async def submitted(house: House, actor: Actor, body: Mapping[str, Any], *, owner: str = "") -> int:
    """Submit the job that a body asks for and return its id; it is the actor's own if no owner is named.

    Raises:
        InvalidInput, NotFound, Forbidden, TooManyRequests: it cannot be done.
    """
    request = read(body)
    await asyncio.to_thread(house.requests.prepare, actor, request)
    ids = await offload.write(
        house.database, SUBMIT, lambda conn: house.requests.submit(conn, owner or actor.name, request)
    )
    return ids[0]


async def scheduled(house: House, actor: Actor, body: Mapping[str, Any], *, cron: str, zone: str) -> Schedule:
    """Have the job that a body asks for submitted whenever a cron line comes true.

    Raises:
        InvalidInput, NotFound, Forbidden: it cannot be done, or no time is meant.
    """
    request = read(body)
    require(actor, Action.SCHEDULE_CREATE)
    await asyncio.to_thread(house.requests.prepare, actor, request)

    def act(conn: Connection) -> Schedule:
        house.requests.plan(conn, actor.name, request)
        template, name = request.as_json(), request.name
        return keeping.create(conn, actor.name, cron=cron, zone=zone, name=name, template=template)

    return await offload.write(house.database, CHANGE, act)
