"""What a documented request says, wherever it says it: in its path, its query or its form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from shoal.base.errors import InvalidInput
from shoal.server.pages.forms import form_of, texts
from shoal.storage.words import shown

YES, NO = frozenset({"true", "1", "on", "yes"}), frozenset({"false", "0", "off", "no"})
LONGEST_NUMBER = 15
Route = Callable[..., Any]


class Arguments:
    """Hold the texts of every argument; of a repeated one the first counts, as it did there.

    `text`, `number` and `flag` raise `InvalidInput` with the argument's name.
    """

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._values = values

    def names(self) -> set[str]:
        """Return which arguments there are."""
        return set(self._values)

    def texts(self, name: str) -> list[str]:
        """Return every text of an argument."""
        return self._values.get(name, [])

    def text(self, name: str) -> str:
        """Return an argument's text, without blanks around it; nothing when it is not there."""
        return next(iter(self.texts(name)), "").strip()

    def number(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number, None when it is not there."""
        text = self.text(name)
        return whole(name, text, low, high) if text else None

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a yes or no such as `True` or `False`."""
        text = self.text(name).lower()
        if text and text not in YES | NO:
            raise InvalidInput(f"{name} is {shown(text)!r}; it can be True or False.")
        return text in YES if text else default


async def arguments_of(request: Request) -> Arguments:
    """Return a request's arguments: those of the path before those of the query, the form's at last.

    Senders of the documented forms know no token: there the guard's look at the origin decides.
    """
    values = {name: [str(value)] for name, value in request.path_params.items()}
    for name, value in request.query_params.multi_items():
        values.setdefault(name, []).append(value)
    if request.method == "POST":
        async with form_of(request, check=False) as form:
            for name in form:
                values.setdefault(name, []).extend(texts(form, name))
    return Arguments(values)


def whole(name: str, text: str, low: int, high: int) -> int:
    """Return a whole number that is written in digits; raises InvalidInput."""
    plain = text.removeprefix("-")
    if plain.isascii() and plain.isdigit() and len(plain) <= LONGEST_NUMBER and low <= int(text) <= high:
        return int(text)
    span = f"{low} to {high}" if high < 10**9 else f"a whole number, {low} or more"
    raise InvalidInput(f"{name} is {shown(text)!r}; it can be {span}.")


@contextmanager
def noting(errors: dict[str, str], name: str) -> Iterator[None]:
    """Note what is wrong with a field and go on, so that a form learns of everything at once."""
    try:
        yield
    except InvalidInput as error:
        errors[name] = str(error)


def both(router: APIRouter, path: str, *methods: str) -> Callable[[Route], Route]:
    """Register a route with and without a closing slash."""

    def add(route: Route) -> Route:
        for written in (path, f"{path}/"):
            router.add_api_route(written, route, methods=list(methods))
        return route

    return add
