"""Laws of errors that come over HTTP: the same class, words and facts as on the server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shoal.base import errors
from shoal.base.errors import MissingExtra, ShoalError
from shoal.client.errors import error_of, unreachable


def answered(status: int, content: Any, kind: str = "application/problem+json") -> httpx.Response:
    return httpx.Response(status, json=content, headers={"Content-Type": kind})


CLASSES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ShoalError) and kind not in (MissingExtra,)
]


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_arrives_as_it_was_raised(kind: type[ShoalError]) -> None:
    sent = kind("The fact.", hint="The remedy.", study="abc")
    got = error_of(answered(kind.status, sent.as_problem() | {"request_id": "req_1"}))
    assert type(got) is kind
    assert (got.message, got.hint, got.error_code) == (sent.message, sent.hint, sent.error_code)
    assert got.details == {"study": "abc", "request_id": "req_1"}


def test_an_error_with_arguments_of_its_own_arrives_too() -> None:
    got = error_of(answered(422, MissingExtra("calamine", "xlsx").as_problem()))
    assert type(got) is MissingExtra
    assert got.details["extra"] == "xlsx"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, errors.NotFound), (409, errors.Conflict), (403, errors.Forbidden), (422, errors.InvalidInput),
     (418, errors.InvalidInput), (503, errors.Unavailable), (500, ShoalError), (502, ShoalError)],
)  # fmt: skip
def test_an_unknown_code_is_told_by_its_status(status: int, kind: type[ShoalError]) -> None:
    got = error_of(answered(status, {"code": "never_heard_of", "title": "Odd."}))
    assert type(got) is kind
    assert got.error_code == "never_heard_of"


@pytest.mark.parametrize("content", [[], "text", None, 7])
def test_an_answer_that_is_no_problem_is_still_an_error(content: Any) -> None:
    assert error_of(answered(500, content)).message == "The server answered 500."
    assert error_of(httpx.Response(502, text="<html>bad gateway")).message == "The server answered 502."
    assert error_of(httpx.Response(500, text="{", headers={"Content-Type": "application/json"})).message


def test_a_server_that_is_not_there_is_named() -> None:
    error = unreachable("http://127.0.0.1:1", httpx.ConnectError("refused"))
    assert str(error) == "No server at http://127.0.0.1:1. Start one with `shoal serve`."
