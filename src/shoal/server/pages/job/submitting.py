"""Handing in what a form asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.access import Actor
from shoal.jobs.requests.request import read
from shoal.server import offload
from shoal.server.api.job_submission import SUBMIT
from shoal.server.parts import House


async def submitted(house: House, actor: Actor, body: Mapping[str, Any]) -> int:
    """Submit the job that a body asks for and return its id.

    Raises:
        InvalidInput, NotFound, Forbidden, TooManyRequests: it cannot be done.
    """
    request = read(body)
    house.requests.allow(actor, request)
    ids = await offload.write(
        house.database, SUBMIT, lambda conn: house.requests.submit(conn, actor.name, request)
    )
    return ids[0]
