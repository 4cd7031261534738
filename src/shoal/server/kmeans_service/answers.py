"""Answers in the older service's manner: a message, and on to the page where the reader goes on."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from shoal.server.pages.errors import error_page, wants_page
from shoal.server.pages.flash import go
from shoal.server.problems import Problem

# Where such an error sends the reader is documented, so programs are sent there too.
DOCUMENTED = frozenset({"unknown_job", "unfinished_job"})
BACK = "back"  # the detail of an error that names the page to go on with


def onward(request: Request, path: str, message: str, *, done: bool = True) -> Response:
    """Send the sender to another page (302, as documented), which shows the message once."""
    response = go(request, path, message, done=done)
    response.status_code = 302
    return response


def refused(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Tell a problem on the page that it names, or else as a page; a program gets it as it is."""
    where = problem.get(BACK)
    if where and (problem["code"] in DOCUMENTED or wants_page(request)):
        return onward(request, where, f"{problem['title']} {problem.get('detail', '')}".strip(), done=False)
    return refused_file(request, problem, headers)


def refused_file(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Tell a problem in place of a picture or a file."""
    told = {name: value for name, value in problem.items() if name != BACK}
    return error_page(request, told, headers)
