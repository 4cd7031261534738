"""Having figures drawn by workers, and waiting for them."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from sqlalchemy import Connection

from shoal.base.errors import InvalidInput, NotFound, ShoalError, Unavailable
from shoal.base.faults import fault_point
from shoal.jobs.model import Job
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import idempotency, reading, rerunning
from shoal.jobs.store.submission import submit
from shoal.server import offload
from shoal.server.draining import Draining
from shoal.server.parts import House
from shoal.server.waking import changed
from shoal.studies.figures.catalogue import MEDIA
from shoal.studies.figures.request import FigureRequest
from shoal.studies.figures.submission import drawing_job
from shoal.studies.model import Study

ASKED = fault_point("figures.ask", "A figure that somebody wants is handed to a worker.")
PATIENCE = 30.0
NOT_YET = "not_drawn_yet"
# What a worker says of a wish, rather than of its own trouble.
_OF_THE_WISH: dict[str, type[ShoalError]] = {"NotFound": NotFound, "InvalidInput": InvalidInput}


class Drawing(NamedTuple):
    """A drawn figure."""

    content: bytes
    media: str


async def drawn(
    house: House, draining: Draining, study: Study, wish: FigureRequest, *, patience: float = PATIENCE
) -> Drawing:
    """Return a figure of a study in the format that is asked for; the same wish is drawn once.

    Raises:
        Conflict: the study has no result.
        NotFound, InvalidInput: there is no such figure, or an option has a value it cannot have.
        Unavailable: it could not be drawn in `patience` seconds.
    """
    return Drawing(await _content(house, draining, study, wish, patience), MEDIA[wish.format])


async def album(house: House, draining: Draining, study: Study, *, patience: float = PATIENCE) -> bytes:
    """Return all figures of a study with their data, as JSON; raises what `drawn` raises."""
    return await _content(house, draining, study, None, patience)


async def _content(
    house: House, draining: Draining, study: Study, wish: FigureRequest | None, patience: float
) -> bytes:
    job = await _asked(house, study, wish)
    if job.state not in ENDS:
        await changed(house, draining, lambda conn: reading.get(conn, job.id).state in ENDS, patience)
        job = await offload.read(house.database, lambda conn: reading.get(conn, job.id))
    if job.state == State.SUCCEEDED:
        return await asyncio.to_thread(_read, house, job)
    raise _why_not(job)


async def _asked(house: House, study: Study, wish: FigureRequest | None) -> Job:
    """Return the job of a wish, submitted unless it was before; what was lost is drawn again."""
    known = await offload.read(house.database, lambda conn: _known(conn, study, wish))
    if known is not None and not await asyncio.to_thread(_is_gone, house, known):
        return known

    def act(conn: Connection) -> Job:
        id_ = submit(conn, study.owner, [drawing_job(conn, study, wish)])[0]
        if reading.get(conn, id_).state in ENDS:
            rerunning.rerun(conn, [id_])
        return reading.get(conn, id_)

    return await offload.write(house.database, ASKED, act)


def _known(conn: Connection, study: Study, wish: FigureRequest | None) -> Job | None:
    job = drawing_job(conn, study, wish)
    found = idempotency.known(conn, study.owner, [job])
    return reading.get(conn, next(iter(found.values()))) if found else None


def _is_gone(house: House, job: Job) -> bool:
    """Say whether a job has to run again: it failed by no fault of the wish, or its file was tidied away."""
    if job.state == State.SUCCEEDED:
        return not house.storage.exists(job.result["artifact"])
    return job.state in ENDS and (job.error or {}).get("type") not in _OF_THE_WISH


def _read(house: House, job: Job) -> bytes:
    with house.storage.open(job.result["artifact"]) as file:
        return file.read()


def _why_not(job: Job) -> ShoalError:
    message = str((job.error or {}).get("message") or "")
    if job.state not in ENDS:
        return Unavailable("The figure is not drawn yet.", hint="Ask again in a few seconds.", code=NOT_YET)
    kind = _OF_THE_WISH.get(str((job.error or {}).get("type")))
    return kind(message) if kind else Unavailable("The figure could not be drawn.", hint=message)
