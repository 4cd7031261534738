"""The playground in a real browser: it asks nobody but this server, and everyone can use it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import opened_window
from tests.support.server import Served, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("playground") / "home") as served:
        yield served


def test_a_query_is_run_its_mistakes_are_shown_and_the_schema_is_there(
    browser: Browser, server: Served
) -> None:
    with opened_window(browser) as window:
        page = window.open(f"{server.url}/v1/graphql").page
        expect(page.locator("#schema details")).not_to_have_count(0, timeout=30_000)
        expect(page.locator("#schema")).to_contain_text("tasks(ids: [String!]): [task!]!")
        page.get_by_role("button", name="Run operation").click()
        expect(page.locator("#answer")).to_contain_text('"tasks": []')
        page.get_by_label("Variables").fill("[1]")
        page.get_by_label("Query").press("Control+Enter")
        expect(page.locator("#variables-error")).to_have_text("This is not a JSON object.")
        page.get_by_label("Variables").fill("{}")
        page.get_by_label("Query").fill("Task($id: String!) { task(id: $id) { status } }")
        page.get_by_label("Query").press("Control+Enter")
        expect(page.locator("#answer")).to_contain_text("write `query Task`")
        window.check_everyone_can_read()
        window.check_no_sideways_scroll()
        assert window.errors == []
        assert window.asked_of_others(server.url) == []


def test_a_subscription_runs_over_a_socket_and_says_how_it_ended(browser: Browser, server: Served) -> None:
    with opened_window(browser, theme="dark") as window:
        page = window.open(f"{server.url}/v1/graphql").page
        page.get_by_label("Begin with").select_option(label="Follow a task")
        page.get_by_label("Variables").fill('{"id": "nothing"}')
        page.get_by_role("button", name="Run operation").click()
        expect(page.locator("#answer")).to_contain_text("NOT_FOUND")
        expect(page.locator("#state")).to_contain_text("ended")
        window.check_everyone_can_read()
        assert window.errors == []


def test_the_page_may_load_nothing_from_elsewhere(server: Served) -> None:
    with server.http() as http:
        page = http.get("/v1/graphql", headers={"Accept": "text/html"})
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "//" not in policy
