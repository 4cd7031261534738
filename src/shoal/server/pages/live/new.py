"""A new live task: /app/live/new, over a dataset or for rows that will come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import Conflict, InvalidInput
from shoal.live.model import Wish
from shoal.server import offload
from shoal.server.api.datasets import found_dataset
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text, texts
from shoal.server.pages.frame import render
from shoal.server.pages.job.asking import Errors, errors_of
from shoal.server.pages.live.fields import ADVANCED, ALL, COLUMNS, MAIN
from shoal.server.pages.live.form import fresh, is_open, texts_in, told_of, wish_in
from shoal.server.pages.live.looking import PATH, Creator, Reader, path_of
from shoal.server.parts import House
from shoal.server.rules import TheHouse
from shoal.storage import datasets
from shoal.storage.datasets import Dataset

router = APIRouter(prefix=f"{PATH}/new", include_in_schema=False)
RECENT = 50
Chosen = frozenset[int]


@router.get("")
async def show_form(
    request: Request, house: TheHouse, actor: Reader, dataset: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Show the form, for rows that will come or over a dataset."""
    known = await _dataset(house, actor, dataset)
    said = fresh(known.name[:255] if known else "")
    return await _form(request, house, actor, known, said, usable(known))


@router.post("")
async def send_form(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Make the task and let it run, or show the form again with what is wrong."""
    async with form_of(request) as form:
        known = await _dataset(house, actor, text(form, "dataset"))
        said, chosen, act = texts_in(form), _chosen(form, known), text(form, "act", "start")
    if act in ("all", "none"):
        return await _form(request, house, actor, known, said, usable(known) if act == "all" else frozenset())
    wish, errors = wish_in(said, _given(known, chosen))
    if known is not None and not chosen:
        wish, errors = None, {"columns": "Choose at least one column.", **errors}
    if wish is None:
        return await _form(request, house, actor, known, said, chosen, errors)
    try:
        return go(request, await _made(house, actor, wish, act))
    except (InvalidInput, Conflict) as error:
        return await _form(request, house, actor, known, said, chosen, errors_of(error, ALL))


async def _made(house: House, actor: Actor, wish: Wish, act: str) -> str:
    task = await house.live.create(actor.name, wish)
    if act == "start":
        await house.live.play(task.id)
    return path_of(task)


async def _dataset(house: House, actor: Actor, id_: str) -> Dataset | None:
    return await found_dataset(house, actor, Action.DATASET_READ, id_) if id_ else None


def usable(dataset: Dataset | None) -> Chosen:
    """Return the places of columns that are chosen at first: numbers that are measurements."""
    if dataset is None:
        return frozenset()
    every = [(at, one) for at, one in enumerate(dataset.columns) if one.is_number]
    measured = [at for at, one in every if not one.constant and not one.role]
    return frozenset(measured or [at for at, _ in every])


def _chosen(form: FormData, dataset: Dataset | None) -> Chosen:
    places = {int(one) for one in texts(form, "column") if one.isascii() and one.isdecimal()}
    if dataset is None:
        return frozenset()
    return frozenset(at for at in places if at < len(dataset.columns) and dataset.columns[at].is_number)


def _given(dataset: Dataset | None, chosen: Chosen) -> dict[str, Any]:
    if dataset is None:
        return {}
    return {"dataset": dataset.id, "columns": [dataset.columns[at].name for at in sorted(chosen)]}


async def _form(
    request: Request,
    house: House,
    actor: Actor,
    dataset: Dataset | None,
    said: Mapping[str, str],
    chosen: Chosen,
    errors: Errors | None = None,
) -> Response:
    owner = None if actor.admin else actor.name
    recent = await offload.read(house.database, lambda conn: datasets.list_(conn, owner, RECENT))
    context: dict[str, Any] = {
        "dataset": dataset,
        "recent": recent,
        "chosen": chosen,
        "values": said,
        "errors": errors or {},
        "main": MAIN,
        "columns_field": COLUMNS,
        "advanced": ADVANCED,
        "told": told_of(said),
        "open": is_open(said, errors or {}),
    }
    return render(request, "live_new.html.j2", context, status=422 if errors else 200)


NEW_LIVE = Face("new live task", router, render=error_page, below="/app")
