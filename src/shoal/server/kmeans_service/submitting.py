"""/submit: a file and what to try with it become a job."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.base.settings import Settings
from shoal.server.api.submitting import submit_study
from shoal.server.api.wishes import StudyWish
from shoal.server.faces import Face
from shoal.server.kmeans_service.answers import onward, refused
from shoal.server.kmeans_service.arguments import Arguments, both, noting
from shoal.server.kmeans_service.job import Reader
from shoal.server.pages.forms import file, form_of, texts
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.storage import datasets
from shoal.storage.options import ReadOptions
from shoal.storage.words import shown
from shoal.studies.model import Study
from shoal.studies.plan import RANGES
from shoal.studies.planning.presets import plan_of
from shoal.studies.wording import counted, listed

NUMBERS = ("n_experiments", "max_k", "n_init")
# `all_columns` was there for the page's own script; `csrf` is what our page adds.
KNOWN = frozenset({*NUMBERS, "file", "columns", "all_columns", "covars", "scale", "csrf"})
FORM_ROOM = 1 << 20  # what fields and boundaries may take beside the file
router = APIRouter(include_in_schema=False)
Uploader = Annotated[Actor, Depends(Rule(Action.DATASET_CREATE))]
Creator = Annotated[Actor, Depends(Rule(Action.STUDY_CREATE))]


@both(router, "/submit", "GET")
async def form(request: Request, _: Reader) -> Response:
    """Go to the form."""
    return onward(request, "/", "")


@both(router, "/submit", "POST")
async def submit(request: Request, house: TheHouse, actor: Uploader, _: Creator) -> Response:
    """Keep the file, start the job, and go to its status."""
    async with form_of(request, check=False) as sent:
        given = Arguments({name: texts(sent, name) for name in sent})
        wish, upload = wish_of(given), file(sent, "file")
        _check(wish, upload)
        study = await asyncio.to_thread(_started, house, actor, wish, upload)
    return onward(request, f"/status/{study.id}", _told(study, given, sent))


def wish_of(given: Arguments) -> StudyWish:
    """Return what a form asks for, without its dataset; a field that is not there has its default.

    Raises:
        InvalidInput: naming every field that is wrong.
    """
    errors: dict[str, str] = {}
    numbers: dict[str, Any] = {}
    for name in NUMBERS:
        with noting(errors, name):
            numbers[name] = given.number(name, *RANGES[name])
    if errors:
        raise InvalidInput(" ".join(errors.values()), errors=errors)
    return StudyWish(
        dataset="",
        columns=[name.strip() for name in given.texts("columns") if name.strip()] or None,
        covariances=[name.strip() for name in given.texts("covars") if name.strip()] or None,
        scale="scale" in given.names(),  # A check box: its being there is what it says.
        **numbers,
    )


def _check(wish: StudyWish, upload: UploadFile | None) -> None:
    plan_of(wish.options)
    if upload is None:
        raise InvalidInput("There is no file.", hint="Choose a CSV file with a header row: field `file`.")


def _started(house: House, actor: Actor, wish: StudyWish, upload: UploadFile | None) -> Study:
    if upload is None:
        raise InvalidInput("There is no file.")
    options = ReadOptions(max_expanded_bytes=house.settings.limits.expanded, scratch=house.spool)
    name = (upload.filename or "").replace("\\", "/").rpartition("/")[2] or "table"
    dataset = datasets.add(house.database, house.storage, upload.file, name, options, actor.name)
    return submit_study(house, actor, wish.model_copy(update={"dataset": dataset.id}))[0]


def _told(study: Study, given: Arguments, sent: FormData) -> str:
    told = f"The job {study.id} is submitted. It has {counted(study.plan.n_fits, 'task')}."
    unknown = sorted({shown(name) for name in {*given.names(), *sent} - KNOWN})[:5]
    return told + (f" Not used: {listed(unknown)}." if unknown else "")


def submitting_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    limit = settings.limits.upload + FORM_ROOM
    uploads = {("POST", "/submit"): limit, ("POST", "/submit/"): limit}
    return Face("submission of K-Means Service", router, render=refused, uploads=uploads, below="/submit")
