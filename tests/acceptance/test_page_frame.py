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


@pytest.mark.parametrize(
    ("path", "near"), [("/app/jobs/99", "jobs"), ("/app/live/none", "live"), ("/app/nowhere", "studies")]
)
def test_an_error_leads_to_the_list_that_was_meant_and_names_what_to_quote(
    server: Served, path: str, near: str
) -> None:
    answer = get(server, path, headers=PAGE)
    assert answer.status_code == 404
    assert re.search(rf'<a class="button" href="/app/{near}">All', answer.text)
    assert f"Quote {answer.headers['x-request-id']} if you ask for help." in answer.text


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/", [("/app", "page")]),
        ("/app/studies", [("/app/studies", "page")]),
        ("/app/studies/new", [("/app/studies", "true")]),
        ("/app/sign-in", []),
    ],
)
def test_the_menu_marks_where_one_is(server: Served, path: str, marked: list[tuple[str, str]]) -> None:
    menu = get(server, path, headers=PAGE).text.partition("</nav>")[0]
    assert re.findall(r'href="([^"]+)" aria-current="(\w+)"', menu) == marked


def test_the_sign_in_page_names_the_command_that_makes_its_token(server: Served) -> None:
    assert "<code>shoal node token server</code>" in get(server, "/app/sign-in", headers=PAGE).text


def test_why_nothing_was_done_does_not_look_like_success(server: Served) -> None:
    with server.http(headers=PAGE) as browser:
        assert (
            '<p class="note" role="status">Say which job'
            in browser.get("/status/", follow_redirects=True).text
        )
        assert "Say which job" not in browser.get("/").text


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
