"""One fit of a study: what it scored, its clusters, and its labels."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, NamedTuple

import numpy as np
from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import NotFound
from shoal.jobs.model import Job
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import reading
from shoal.server import offload
from shoal.server.api.fits import parameters_view
from shoal.server.api.studies import found_study
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of
from shoal.server.pages.frame import part, render
from shoal.server.pages.study.fit_table import Row, one_row
from shoal.server.pages.study.looking import PATH, Changer, Id, Reader, path_of, whole_address
from shoal.server.parts import House
from shoal.server.rules import TheHouse
from shoal.storage import datasets
from shoal.studies import running
from shoal.studies.model import Study

router = APIRouter(prefix=PATH, include_in_schema=False)
FitId = Annotated[int, Path(ge=0, le=10**9)]
Opened = Annotated[int | None, Query(ge=1, le=2**62)]
Axis = Annotated[str, Query(max_length=1024)]
MOST_COLUMNS = 30


class SeenFit(NamedTuple):
    """A fit as its page shows it: its study, its row, the number columns, and the job that opens it."""

    study: Study
    row: Row
    numbers: list[str]
    job: Job | None


@router.get("/{study}/fits/{fit}")
async def show(
    request: Request,
    study: Id,
    fit: FitId,
    house: TheHouse,
    actor: Reader,
    job: Opened = None,
    x: Axis = "",
    y: Axis = "",
) -> Response:
    """Show a fit; `job` is the one that makes its labels."""
    found = await _seen(house, actor, study, fit, job)
    if (elsewhere := whole_address(request, found.study, study)) is not None:
        return elsewhere
    clusters = await asyncio.to_thread(_clusters, house, found)
    axes = [name if name in found.numbers else "" for name in (x, y)]
    used = [name for name in found.study.plan.columns or () if name in found.numbers] or found.numbers
    context = (
        _context(found)
        | clusters
        | {
            "x": axes[0] or used[0],
            "y": axes[1] or used[min(1, len(used) - 1)],
            "numbers": found.numbers,
            "last": found.study.plan.n_fits - 1,
        }
    )
    return render(request, "study_fit.html.j2", context)


@router.get("/{study}/fits/{fit}/part/labels")
async def show_labels(
    request: Request, study: Id, fit: FitId, house: TheHouse, actor: Reader, job: Opened = None
) -> Response:
    """Send the part of a fit's page that waits for its labels."""
    found = await _seen(house, actor, study, fit, job)
    return part(request, "study_fit_labels.html.j2", _context(found))


@router.post("/{study}/fits/{fit}/labels")
async def make_labels(request: Request, study: Id, fit: FitId, house: TheHouse, actor: Changer) -> Response:
    """Submit the job that makes a fit's labels, and show the fit while it works."""
    async with form_of(request):
        pass

    def act(conn: Connection) -> tuple[Study, int]:
        known = found_study(conn, actor, Action.STUDY_CHANGE, study)
        return known, running.open_fit(conn, known, fit)

    known, job = await offload.write(house.database, running.CHANGED, act)
    return go(request, f"{path_of(known)}/fits/{fit}?job={job}")


async def _seen(house: House, actor: Actor, id_: str, fit: int, job: int | None) -> SeenFit:
    def look(conn: Connection) -> SeenFit:
        study = found_study(conn, actor, Action.STUDY_READ, id_)
        row = one_row(conn, study, fit)
        if row is None:
            hint = f"Ids are 0 to {study.plan.n_fits - 1:,}."
            raise NotFound(f"The study {study.id} has no fit {fit}.", hint=hint)
        dataset = datasets.get(conn, study.dataset, study.dataset_version)
        numbers = [one.name for one in dataset.columns if one.is_number and not one.constant]
        return SeenFit(study, row, numbers, _opening(conn, study, fit, job))

    return await offload.read(house.database, look)


def _opening(conn: Connection, study: Study, fit: int, job: int | None) -> Job | None:
    found = reading.get_many(conn, [job]).get(job) if job is not None else None
    if found is None or found.kind != "study.open" or found.spec["key"] != study.source["key"]:
        return None
    return found if found.spec["fit"]["fit"] == fit and found.owner == study.owner else None


def _clusters(house: House, found: SeenFit) -> dict[str, Any]:
    """Return each cluster's rows, weight, mean and standard deviation in the file's units; reads a file."""
    fit = found.row.fit
    view = parameters_view(house, found.study, fit) if fit is not None else None
    if view is None or fit is None:
        return {"clusters": [], "columns": [], "more_columns": 0}
    centers, spreads = np.asarray(view["centers"])[:, :MOST_COLUMNS], _spreads(view, fit.k)[:, :MOST_COLUMNS]
    rows, sizes = sum(fit.sizes), [*fit.sizes, *[0] * fit.k]
    clusters = [
        {
            "number": place + 1,
            "size": sizes[place],
            "share": sizes[place] / rows if rows else 0.0,
            "weight": float(view["weights"][place]),
            "cells": list(zip(centers[place].tolist(), spreads[place].tolist(), strict=True)),
        }
        for place in range(fit.k)
    ]
    names = view["columns"]
    return {
        "clusters": clusters,
        "columns": names[:MOST_COLUMNS],
        "more_columns": max(0, len(names) - MOST_COLUMNS),
    }


def _spreads(view: dict[str, Any], k: int) -> Any:
    """Return standard deviations (k, d) from covariances of any form."""
    given = np.asarray(view["covariances"], np.float64)
    variances = given if view["form"] == "diag" else np.diagonal(given, axis1=-2, axis2=-1)
    return np.sqrt(np.broadcast_to(variances, (k, variances.shape[-1])))


def _context(found: SeenFit) -> dict[str, Any]:
    job, here = found.job, path_of(found.study)
    return {
        "study": found.study,
        "here": here,
        "row": found.row,
        "fit": found.row.fit,
        "job": job,
        "works": job is not None and job.state not in ENDS,
        "ready": job is not None and job.state == State.SUCCEEDED,
        "chosen": _recommended(found),
    }


def _recommended(found: SeenFit) -> str:
    """Return the shape that recommends this fit, empty when none does."""
    summary, fit = found.study.summary, found.row.task
    best = summary["recommended"].get(fit.covariance) if summary else None
    return fit.covariance if best is not None and best["fit"] == fit.id else ""


FIT_PAGE = Face("page of a fit", router, render=error_page, below="/app")
