"""The gallery of example data sets: opening one starts its study, or shows the one that is there."""

from __future__ import annotations

import asyncio
import io
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import NotFound
from shoal.server.api.submitting import submit_study
from shoal.server.api.wishes import StudyWish
from shoal.server.faces import Face
from shoal.server.kmeans_service.examples import EXAMPLES, example
from shoal.server.kmeans_service.job import Reader
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of
from shoal.server.pages.frame import render
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.storage import datasets
from shoal.storage.words import shown
from shoal.studies.model import Study, StudyState
from shoal.studies.store.browsing import StudyFilter, find_studies

# Enough to see what a report says, in a few seconds.
N_EXPERIMENTS, MAX_K, N_INIT = 3, 8, 5
USABLE = (StudyState.running, StudyState.succeeded)
router = APIRouter(include_in_schema=False)
Uploader = Annotated[Actor, Depends(Rule(Action.DATASET_CREATE))]
Creator = Annotated[Actor, Depends(Rule(Action.STUDY_CREATE))]


@router.get("/app/examples")
async def gallery(request: Request, _: Reader) -> Response:
    """Show the example data sets."""
    return render(request, "kmeans_gallery.html.j2", {})


@router.post("/app/examples/{name}")
async def open_example(request: Request, name: str, house: TheHouse, actor: Uploader, _: Creator) -> Response:
    """Go to the report of an example, or to the status of its study."""
    async with form_of(request):
        pass
    if name not in EXAMPLES:
        raise NotFound(f"There is no example {shown(name)}.", hint=f"There are: {', '.join(EXAMPLES)}.")
    study = await asyncio.to_thread(_study, house, actor, name)
    page = "report" if study.state == StudyState.succeeded else "status"
    return go(request, f"/{page}/{study.id}")


def _study(house: House, actor: Actor, name: str) -> Study:
    title = EXAMPLES[name].title
    content = io.BytesIO(example(name))
    dataset = datasets.add(house.database, house.storage, content, f"{title}.csv", owner=actor.name)
    wanted = StudyFilter(actor.name, states=USABLE, dataset=dataset.id)
    for study in house.database.read(lambda conn: find_studies(conn, wanted)):
        if study.plan.max_k == MAX_K and study.plan.n_experiments == N_EXPERIMENTS:
            return study
    wish = StudyWish(dataset=dataset.id, name=title, n_experiments=N_EXPERIMENTS, max_k=MAX_K, n_init=N_INIT)
    return submit_study(house, actor, wish)[0]


GALLERY = Face("gallery of K-Means Service", router, render=error_page)
