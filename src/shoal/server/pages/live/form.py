"""The form for a live task: what it says as a wish, and what is wrong with it at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData

from shoal.base.errors import InvalidInput
from shoal.live.model import Wish
from shoal.live.plain import wish_of
from shoal.server.pages.forms import text
from shoal.server.pages.job.asking import Errors, errors_of, read_fields
from shoal.server.pages.job.fields import usual_texts
from shoal.server.pages.live.fields import ALL, FOLDED

FRAME = "10000"
LONGEST = 100_000


def fresh(name: str = "") -> dict[str, str]:
    """Return what the form says before anybody changes it: a frame, so that memory has a bound."""
    return usual_texts(ALL) | {"name": name, "frame_size": FRAME}


def texts_in(form: FormData) -> dict[str, str]:
    """Return what a form that was sent says."""
    return {field.name: text(form, field.name)[:LONGEST] for field in ALL}


def wish_in(texts: Mapping[str, str], given: Mapping[str, Any]) -> tuple[Wish | None, Errors]:
    """Return the wish that texts and what is `given` besides them mean, or what is wrong."""
    body, errors = read_fields(ALL, {**texts, **_without_k(texts)}, {})
    if errors:
        return None, errors
    try:
        parts = {name: body.get(name, {}) | part for name, part in given.items() if isinstance(part, dict)}
        return wish_of(body | dict(given) | parts), {}
    except InvalidInput as error:
        return None, errors_of(error, ALL)


def _without_k(texts: Mapping[str, str]) -> dict[str, str]:
    """Leave out a number of clusters that the chosen way does not take."""
    return {} if texts.get("algorithm") == "kmeans" else {"k": ""}


def is_open(texts: Mapping[str, str], errors: Mapping[str, str]) -> bool:
    """Say whether something that is folded away is not as usual, or wrong."""
    return any(texts.get(one.name, one.usual) != one.usual or one.name in errors for one in FOLDED)


def told_of(texts: Mapping[str, str]) -> str:
    """Say in a line what is folded away and not as usual, or what there is."""
    differ: Sequence[str] = [
        f"{one.label.lower()} {texts[one.name]}"
        for one in FOLDED
        if one.widget == "number" and texts.get(one.name, one.usual) != one.usual
    ]
    return ", ".join(differ[:4]) or "columns, distance, forgetting, pace and end"
