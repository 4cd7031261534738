"""A new study: /app/studies/new."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base.errors import ShoalError
from shoal.clustering.modes import MODE_NAMES
from shoal.server import offload
from shoal.server.api.dataset_parts import rows_of
from shoal.server.api.datasets import found_dataset
from shoal.server.api.studies import found_study
from shoal.server.api.submitting import Settled, settle, submit_study
from shoal.server.api.views import estimate_view
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text
from shoal.server.pages.frame import part, render
from shoal.server.pages.study.choices import Choices, Errors, errors_of, fresh, like, of_form, usable
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.storage import datasets
from shoal.storage.datasets import Dataset
from shoal.studies.model import Study
from shoal.studies.plan import default_min_members

PATH = "/app/studies/new"
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.STUDY_CREATE))]
SHOWN_ROWS, SHOWN_COLUMNS, RECENT = 5, 40, 20
PRESET = "preset-"


@router.get(PATH)
async def show_form(
    request: Request,
    house: TheHouse,
    actor: Reader,
    dataset: Annotated[str, Query(max_length=64)] = "",
    model: Annotated[str, Query(max_length=64, alias="like")] = "",
) -> Response:
    """Show the form over a dataset, filled as by default or as in another study."""
    if model:
        study, known = await _of_study(house, actor, model)
        return await _form(request, house, actor, known, like(study, known), model=study)
    if not dataset:
        return await _which_dataset(request, house, actor)
    known = await found_dataset(house, actor, Action.DATASET_READ, dataset)
    return await _form(request, house, actor, known, fresh(known))


@router.post(PATH)
async def send_form(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Start the study, or show the form again: with what is wrong, or with what another button did."""
    async with form_of(request) as form:
        act = text(form, "act", "start")
        known = await found_dataset(house, actor, Action.DATASET_READ, text(form, "dataset"))
        choices = _acted(act, of_form(form, known), known)
    if act != "start":
        return await _form(request, house, actor, known, choices, open_=act.startswith(PRESET))
    wish, errors = choices.wish(known)
    if wish is not None:
        try:
            study, changed = await asyncio.to_thread(submit_study, house, actor, wish)
            return go(request, f"/app/studies/{study.id}", changed)
        except ShoalError as error:
            errors = errors_of(error)
    return await _form(request, house, actor, known, choices, errors)


@router.post(f"{PATH}/estimate")
async def send_estimate(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Say what the form would start, as a piece of the page."""
    async with form_of(request) as form:
        known = await found_dataset(house, actor, Action.DATASET_READ, text(form, "dataset"))
        choices = of_form(form, known)
    settled, errors = await _estimate(house, actor, known, choices)
    return part(request, "study_estimate.html.j2", _estimate_context(settled, errors, choices))


def _acted(act: str, choices: Choices, dataset: Dataset) -> Choices:
    if act.startswith(PRESET):
        return choices.with_preset(act.removeprefix(PRESET))
    if act in ("all", "none"):
        return replace(choices, columns=usable(dataset) if act == "all" else frozenset())
    return choices


async def _of_study(house: House, actor: Actor, id_: str) -> tuple[Study, Dataset]:
    def find(conn: Connection) -> tuple[Study, Dataset]:
        study = found_study(conn, actor, Action.STUDY_READ, id_)
        dataset = datasets.get(conn, study.dataset)
        require(actor, Action.DATASET_READ, Resource("dataset", dataset.id, dataset.owner))
        return study, dataset

    return await offload.read(house.database, find)


async def _which_dataset(request: Request, house: House, actor: Actor) -> Response:
    owner = None if actor.admin else actor.name
    found = await offload.read(house.database, lambda conn: datasets.list_(conn, owner, RECENT))
    limit = house.settings.limits.upload
    return render(request, "study_which.html.j2", {"datasets": found, "limit": limit})


async def _estimate(
    house: House, actor: Actor, dataset: Dataset, choices: Choices
) -> tuple[Settled | None, Errors]:
    wish, errors = choices.wish(dataset)
    if wish is None:
        return None, errors
    try:
        return await asyncio.to_thread(settle, house, actor, wish), {}
    except ShoalError as error:
        return None, errors_of(error)


async def _form(
    request: Request,
    house: House,
    actor: Actor,
    dataset: Dataset,
    choices: Choices,
    errors: Errors | None = None,
    *,
    model: Study | None = None,
    open_: bool = False,
) -> Response:
    preview = await asyncio.to_thread(rows_of, house, dataset, 0, SHOWN_ROWS)
    settled, wrong = await _estimate(house, actor, dataset, choices)
    context = _estimate_context(settled, errors or wrong, choices) | {
        "dataset": dataset,
        "preview": [row[:SHOWN_COLUMNS] for row in preview],
        "shown_columns": dataset.columns[:SHOWN_COLUMNS],
        "limits": house.settings.limits,
        "usual_least": default_min_members(dataset.rows),
        "usable": usable(dataset),
        "errors": errors or {},
        "open": open_ or choices.differs or bool(set(errors or ()) - {"", "columns", "name", "missing"}),
        "model": model,
        "modes": MODE_NAMES,
    }
    return render(request, "study_new.html.j2", context, status=422 if errors else 200)


def _estimate_context(settled: Settled | None, errors: Errors, choices: Choices) -> dict[str, Any]:
    return {"cost": estimate_view(settled) if settled else None, "problems": errors, "choices": choices}


NEW_STUDY = Face("new study", router, render=error_page, below="/app")
