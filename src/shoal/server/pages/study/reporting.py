"""A study's report as its page shows it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, NamedTuple

import orjson

from shoal.base.errors import ShoalError
from shoal.server.draining import Draining
from shoal.server.drawing import NOT_YET, album
from shoal.server.parts import House
from shoal.studies.model import Study
from shoal.studies.telling.report_context import report_context
from shoal.studies.telling.report_parts import embedded

# Albums without their data, by study and run; one is about a tenth of a megabyte.
REMEMBERED = 32
HEAD = 400  # of a picture, which says how large it is
_known: OrderedDict[str, dict[str, Any]] = OrderedDict()


class Drawn(NamedTuple):
    """Hold the words of a study's album; without them, whether they come later, and else why not."""

    album: dict[str, Any] | None
    later: bool = False
    trouble: str = ""


async def report_of(house: House, draining: Draining, study: Study, root: str) -> dict[str, Any]:
    """Return what the template of the report needs; figures that are not drawn yet are not waited for."""
    found = await drawn_album(house, draining, study)
    base = f"{root}/api/v1/studies/{study.id}"
    context = report_context(
        study, found.album, base=base, trouble=found.trouble, source=f"{base}/album.json"
    )
    drawn = {"later": found.later, "drawn": found.album is not None}
    return context | drawn | {"parts_json": embedded(context["report"]["parts"])}


async def drawn_album(house: House, draining: Draining, study: Study, patience: float = 0.0) -> Drawn:
    """Return the album of a study, or why there is none after `patience` seconds."""
    key = f"{study.id} {study.generation} {study.artifact}"
    if (known := _known.get(key)) is None:
        try:
            content = await album(house, draining, study, patience=patience)
        except ShoalError as error:
            later = error.error_code == NOT_YET
            return Drawn(None, later, "" if later else str(error))
        known = await asyncio.to_thread(_words, content)
        _known[key] = known
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
    return Drawn(known)


def _words(content: bytes) -> dict[str, Any]:
    """Return an album without rows and pictures: the page's script and its images ask for them."""
    found: dict[str, Any] = orjson.loads(content)
    figures = [entry | {"spec": {}, "svg": entry["svg"][:HEAD]} for entry in found["figures"]]
    return found | {"data": {}, "config": {}, "figures": figures}
