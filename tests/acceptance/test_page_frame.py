from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.server import Served, running_server

PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("pages") / "home") as served:
        yield served


def get(server: Served, path: str, **options: Any) -> httpx.Response:
    with server.http() as http:
        return http.get(path, **options)


def test_a_path_that_is_not_there_is_a_page_that_says_so(server: Served) -> None:
    answer = get(server, "/app/nowhere", headers=PAGE)
    assert answer.status_code == 404
    assert "Nothing here" in answer.text and "req_" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_program_that_asks_for_no_page_gets_the_problem_itself(server: Served) -> None:
    answer = get(server, "/app/nowhere", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_what_a_page_links_to_is_there_and_may_be_kept_for_ever(server: Served) -> None:
    text = get(server, "/app/sign-in", headers=PAGE).text
    links = re.findall(r'(?:href|src)="(/app/static/[^"]+)"', text)
    assert len(links) >= 6
    for link in links:
        answer = get(server, link)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


def test_a_form_without_this_browsers_token_is_refused(server: Served) -> None:
    with server.http(headers=PAGE) as browser:
        browser.get("/app/sign-in")
        answer = browser.post("/app/sign-out", data={"csrf": "x" * 43})
    assert answer.status_code == 403
    assert "not sent from a page of this server" in answer.text
