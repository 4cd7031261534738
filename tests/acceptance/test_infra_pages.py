"""Infrastructures in a real browser: described, planned, built (simulated), scaled, broken, destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Window, opened_window
from tests.support.server import Served, running_server

BUILT = 60_000  # ms
CLUSTER = """\
user_id: me
infra_name: trial
nodes:
  - &M {name: master, type: any}
  - &W {name: "worker", type: any, scaling: {min: 2, max: 5}}
dependencies:
  - [*W, *M]
variables: {password: hunter2hunter2}
'node_def:any':
  - resource: {type: simulated, price: 0.25}
"""
MANY = """\
user_id: me
infra_name: many
nodes:
  - {name: crowd, type: ill, scaling: {min: 16}}
'node_def:ill':
  - resource: {type: simulated, faults: [{call: create, what: ill, after: 6, times: 9}]}
    health_check: {timeout: 1}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("infra-pages") / "home", infra={"interval": 0.5}) as served:
        yield served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


@pytest.fixture
def window(browser: Browser, server: Served) -> Iterator[Window]:
    with opened_window(browser) as opened:
        yield opened
        assert opened.errors == []
        assert opened.asked_of_others(server.url) == []


def test_a_cluster_is_described_planned_built_scaled_and_destroyed(window: Window, server: Served) -> None:
    page = window.open(f"{server.url}/app").page
    expect(page.get_by_text("No clusters of machines yet.")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Infrastructure").click()
    expect(page.get_by_text("No infrastructures. Start from a blueprint")).to_be_visible()
    window.check_everyone_can_read()
    page.get_by_role("main").get_by_role("link", name="New infrastructure").click()
    _is_told_what_is_wrong(page)
    page.get_by_label("Description").fill(CLUSTER)
    page.get_by_role("button", name="Show plan").click()
    expect(page.get_by_text("3 to add, 0 to replace, 0 to remove, 0 unchanged.")).to_be_visible()
    window.check_everyone_can_read()
    page.get_by_role("button", name="Build trial").click()
    _is_ready(page, 3)
    assert "hunter2" not in page.content()
    window.check_everyone_can_read()
    window.check_no_sideways_scroll()
    _is_at_home(page)
    _is_scaled(page)
    _has_logs(window)
    _is_destroyed(page)
    assert all("422" in one for one in window.errors)  # The browser itself tells of what was refused.
    window.errors.clear()


def _is_told_what_is_wrong(page: Page) -> None:
    """A mistake is named with its line, and what was written stays."""
    page.get_by_label("Description").fill(CLUSTER.replace("scaling", "scalling"))
    page.get_by_role("button", name="Show plan").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 5")
    expect(page.get_by_role("alert")).to_contain_text("scaling")
    expect(page.get_by_label("Description")).to_have_value(CLUSTER.replace("scaling", "scalling"))


def _is_ready(page: Page, machines: int) -> None:
    sentence = page.get_by_text(f"{machines} of {machines} machines ready.")
    expect(sentence).to_be_visible(timeout=BUILT)
    expect(page.locator("#now .badge").first).to_have_text("Ready", timeout=BUILT)
    expect(page.locator("#now table tbody tr")).to_have_count(machines)


def _is_at_home(page: Page) -> None:
    """The home page tells of it, and its jobs are no matter there."""
    page.get_by_role("link", name="Shoal", exact=True).click()
    said = page.get_by_role("region", name="Infrastructure").get_by_role("listitem")
    expect(said).to_have_text("Ready trial 3 of 3 machines ready")
    expect(page.get_by_role("region", name="Jobs")).to_have_count(0)
    page.get_by_role("link", name="trial").click()


def _is_scaled(page: Page) -> None:
    """The page moves by itself until the new machine is there; what was typed meanwhile stays."""
    page.get_by_label("How many machines of worker").fill("three")
    page.get_by_role("button", name="Scale").click()
    expect(page.get_by_text("is no number of machines")).to_be_visible()
    page.go_back()
    page.get_by_label("How many machines of worker").fill("3")
    with page.expect_response(lambda answer: "/part/now" in answer.url):
        pass  # It is looked at again every few seconds: "5 s ago" is another text.
    expect(page.get_by_label("How many machines of worker")).to_have_value("3")
    page.get_by_role("button", name="Scale").click()
    expect(page.get_by_text("worker: 3 wanted.")).to_be_visible()
    _is_ready(page, 4)
    expect(page.get_by_role("link", name="worker: ready, 3 of 3 ready (2 to 5)")).to_be_visible()
    expect(page.get_by_text("Cost 1 an hour.")).to_be_visible()
    page.get_by_role("link", name="Plan").click()
    expect(page.get_by_text("Nothing to do. The machines match the description.")).to_be_visible()
    page.get_by_role("link", name="Back").click()


def _has_logs(window: Window) -> None:
    page = window.page
    page.locator("#now table a").last.click()
    expect(page.get_by_role("heading", name="Log")).to_be_visible()
    window.check_everyone_can_read()
    window.check_no_sideways_scroll()
    page.get_by_role("button", name="Remove this machine").click()
    expect(page.get_by_role("heading", name="Remove worker-")).to_be_visible()
    window.check_everyone_can_read()
    page.get_by_role("link", name="Keep it").click()
    page.get_by_label("How many machines of worker").fill("2")
    page.get_by_role("button", name="Scale").click()
    expect(page.get_by_role("heading", name="Remove 1 machine of worker?")).to_be_visible()
    page.get_by_role("link", name="Keep them").click()
    _is_ready(page, 4)
    page.locator("#now table a").last.click()
    page.get_by_role("button", name="Remove this machine").click()
    page.get_by_role("button", name="Remove worker-").click()
    expect(page.get_by_text("is being removed.")).to_be_visible()
    _is_ready(page, 3)


def _is_destroyed(page: Page) -> None:
    """Its name has to be typed; its history stays."""
    page.get_by_role("link", name="Destroy").click()
    page.get_by_label("Type trial to go on").fill("trail")
    page.get_by_role("button", name="Destroy trial").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not its name.")
    page.get_by_label("Type trial to go on").fill("trial")
    page.get_by_role("button", name="Destroy trial").click()
    expect(page.get_by_text("Its machines are gone. Its history stays.")).to_be_visible(timeout=BUILT)
    expect(page.get_by_role("link", name="Destroy")).to_have_count(0)
    page.get_by_role("navigation", name="Where you are").get_by_role("link").click()
    expect(page.get_by_role("row", name="trial Destroyed")).to_be_visible()


def test_what_was_said_of_a_cluster_shows_as_it_was_written(
    window: Window, server: Served, http: httpx.Client
) -> None:
    described = CLUSTER.replace("trial", "t" * 60).replace("worker", "w" * 60)
    built = http.post("/infrastructures/", content=described).raise_for_status().json()
    page = window.open(f"{server.url}/app/infra/{built['infraid']}").page
    expect(page.locator("h1")).to_have_text("t" * 60)
    window.check_no_sideways_scroll()
    page.locator("summary", has_text="Description").click()
    expect(page.get_by_label("Description", exact=True)).to_contain_text("name: master")


def test_of_many_machines_those_that_fail_stand_first_and_what_to_press_is_said(
    window: Window, server: Served, http: httpx.Client
) -> None:
    built = http.post("/infrastructures/", content=MANY).raise_for_status().json()["infraid"]
    page = window.open(f"{server.url}/app/infra/{built}").page
    expect(page.get_by_role("button", name="Replace them")).to_be_visible(timeout=BUILT)
    expect(page.get_by_text("9 of 16 instances of crowd fail")).to_be_visible()
    expect(page.locator("#now table").first.locator("tbody tr .badge.warn")).to_have_count(9)
    expect(page.locator("#now table").first.locator("tbody tr")).to_have_count(10)
    page.get_by_text("6 more, all ready").click()
    expect(page.get_by_role("link", name="crowd-16", exact=True)).to_be_visible()
    page.get_by_role("link", name="Plan").click()
    expect(page.get_by_text("0 to add, 9 to replace, 0 to remove, 7 unchanged.")).to_be_visible()
    expect(page.get_by_text("Nothing of this is done unasked")).to_be_visible()
    window.check_everyone_can_read()
    page.get_by_role("button", name="Apply plan").click()
    expect(page.get_by_text("16 of 16 machines ready.")).to_be_visible(timeout=BUILT)


@pytest.mark.parametrize(
    "path", ["/app/infra/nothing", "/app/infra/nothing/plan", "/app/infra/nothing/machines/none"]
)
def test_what_is_not_there_is_a_page_that_says_so(http: httpx.Client, path: str) -> None:
    answer: Any = http.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "nothing" in answer.text and "Traceback" not in answer.text


def test_nothing_is_wished_by_a_form_of_another_site(http: httpx.Client) -> None:
    built = http.post("/infrastructures/", content=CLUSTER.replace("trial", "kept")).json()["infraid"]
    for act in ("destroy", "scale", "heal", "pause", "detach"):
        refused = http.post(f"/app/infra/{built}/{act}", data={"name": "kept", "node": "worker", "to": "5"})
        assert refused.status_code == 403, act
    assert http.get(f"/infrastructures/{built}").status_code == 200
