"""Giving new rows the clusters of a finished study: /app/studies/ID/predict."""

from __future__ import annotations

import asyncio
from pathlib import PurePath

from fastapi import APIRouter
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from shoal.base.errors import InvalidInput, ShoalError
from shoal.base.settings import Settings
from shoal.server.api.attachments import attachment
from shoal.server.api.study_use import predicted
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.forms import file, form_of, text
from shoal.server.pages.frame import render
from shoal.server.pages.study.choices import Errors
from shoal.server.pages.study.looking import PATH, Id, Reader, find_study, path_of, whole_address
from shoal.server.pages.uploading import AROUND, SEPARATORS
from shoal.server.parts import House
from shoal.server.rules import TheHouse
from shoal.server.spool import sent
from shoal.storage.options import ReadOptions
from shoal.studies.model import Study

router = APIRouter(prefix=PATH, include_in_schema=False)
UNUSABLE = (404, 413, 415, 422)
EMPTY = {"delimiter": "", "covariance": ""}


@router.get("/{study}/predict")
async def ask(request: Request, study: Id, house: TheHouse, actor: Reader) -> Response:
    """Ask for a file with the study's columns."""
    one = await find_study(house, actor, study)
    return whole_address(request, one, study) or _page(request, house, one, dict(EMPTY), {})


@router.post("/{study}/predict")
async def assign(request: Request, study: Id, house: TheHouse, actor: Reader) -> Response:
    """Send the rows back with `Label` and `Certainty`, or say in its place what is wrong."""
    one = await find_study(house, actor, study)
    async with form_of(request) as form:
        chosen = {name: text(form, name)[:32] for name in EMPTY}
        try:
            return await _assigned(house, one, form, chosen)
        except ShoalError as error:
            if error.status not in UNUSABLE:
                raise
            name = "delimiter" if "delimiter" in error.details else "file"
            return _page(request, house, one, chosen, {name: str(error)}, status=error.status)


async def _assigned(house: House, study: Study, form: FormData, chosen: dict[str, str]) -> Response:
    rows = file(form, "file")
    if rows is None:
        raise InvalidInput("Choose a file first.")
    limit = house.settings.limits.expanded
    options = ReadOptions(chosen["delimiter"] or None, limit, house.spool)
    source, name = rows.file, rows.filename or "rows"
    mode = chosen["covariance"] or None
    content = await asyncio.to_thread(predicted, house, study, source, name, options, mode, False)
    return await sent(content, "text/csv; charset=utf-8", attachment(_labelled(rows)))


def _labelled(rows: UploadFile) -> str:
    """Return what the file is saved as: `new.csv.gz` comes back as `new-labelled.csv`."""
    stem = PurePath((rows.filename or "rows").replace("\\", "/")).name.partition(".")[0] or "rows"
    return f"{stem}-labelled.csv"


def _page(
    request: Request, house: House, study: Study, chosen: dict[str, str], errors: Errors, *, status: int = 200
) -> Response:
    summary = study.summary
    context = {
        "study": study,
        "here": path_of(study),
        "recommended": summary["recommended"] if summary else {},
        "best": summary["best"] if summary else None,
        "limit": house.settings.limits.upload,
        "separators": SEPARATORS,
        "chosen": chosen,
        "errors": errors,
    }
    return render(request, "study_predict.html.j2", context, status=status)


def predict_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    limits = {("POST", f"{PATH}/{{study}}/predict"): settings.limits.upload + AROUND}
    return Face("assigning rows", router, render=error_page, below="/app", uploads=limits)
