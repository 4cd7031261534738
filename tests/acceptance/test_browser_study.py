"""Can everyone read and use the pages of a study? A real browser looks, at the desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.asking import add, ended
from tests.support.browser import PHONE, opened_window
from tests.support.server import Served, running_server

HOSTILE = "<img src=x onerror=alert(1)>" + "a" * 60 + " عربى.csv"
STOPS = """() => {
  const shown = (one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled;
  const seen = (one) => shown(one) && one.tabIndex >= 0;
  const sorts = 'a[href], button, input, select, textarea, summary, [tabindex]';
  const every = [...document.querySelectorAll(sorts)];
  const radios = (one) => one.type !== 'radio' || one.checked;
  const stops = every.filter((one) => seen(one) && radios(one) && one.type !== 'hidden');
  stops.forEach((one, place) => { one.dataset.stop = place; });
  return stops.map((one) => one.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("looks") / "home", workers=2) as server:
        yield server


@pytest.fixture(scope="module")
def addresses(served: Served) -> dict[str, str]:
    """Return a page of each sort: a study that has ended, one that was cancelled, and one that runs long."""
    with served.http() as http:
        dataset = add(http, name=HOSTILE)
        small = {"dataset": dataset, "max_k": 4, "n_experiments": 3}
        done = http.post("/api/v1/studies", json=small).json()["id"]
        ended(http, done)
        long = {"dataset": dataset, "max_k": 30, "n_experiments": 100, "n_init": 100}
        cancelled = http.post("/api/v1/studies", json=long).json()["id"]
        http.post(f"/api/v1/studies/{cancelled}/cancel")
        runs = http.post("/api/v1/studies", json=long).json()["id"]
    return {
        "new": f"/app/studies/new?dataset={dataset}",
        "again": f"/app/studies/new?like={done}",
        "which": "/app/studies/new",
        "report": f"/app/studies/{done}",
        "fit": f"/app/studies/{done}/fits/7",
        "predict": f"/app/studies/{done}/predict",
        "delete": f"/app/studies/{done}/delete",
        "cancelled": f"/app/studies/{cancelled}",
        "running": f"/app/studies/{runs}",
    }


NAMES = ("new", "again", "which", "report", "fit", "predict", "delete", "cancelled", "running")


@pytest.mark.parametrize("name", NAMES)
def test_everyone_can_read_it_in_light_and_dark_and_on_a_phone(
    browser: Browser, served: Served, addresses: dict[str, str], name: str
) -> None:
    for theme in ("light", "dark"):
        with opened_window(browser, theme=theme) as window:
            window.open(served.url + addresses[name])
            expect(window.page.get_by_role("heading", level=1)).to_have_count(1)
            window.check_everyone_can_read()
            window.check_no_sideways_scroll()
            window.check_no_sideways_scroll(320)
            assert window.errors == []
            assert window.asked_of_others(served.url) == []


@pytest.mark.parametrize("name", ["new", "again", "report", "fit", "predict", "cancelled"])
def test_the_tab_key_reaches_every_control_and_the_reader_sees_where(
    browser: Browser, served: Served, addresses: dict[str, str], name: str
) -> None:
    with opened_window(browser) as window:
        page = window.open(served.url + addresses[name]).page
        stops = page.evaluate(STOPS)
        reached = tabbed(page, len(stops))
        assert [stops[one] for one in range(len(stops)) if one not in reached] == []


def tabbed(page: Page, stops: int) -> set[int]:
    """Press Tab until every stop had the focus, each with its outline; figures add stops of their own."""
    reached: set[int] = set()
    for _ in range(2 * stops + 100):
        page.keyboard.press("Tab")
        place, outline = page.evaluate(
            """() => [document.activeElement.dataset.stop ?? '',
                      getComputedStyle(document.activeElement).outlineStyle]"""
        )
        if place:
            assert outline != "none"
            reached.add(int(place))
        if len(reached) == stops:
            break
    return reached


def test_the_page_of_a_running_study_moves_by_itself(
    browser: Browser, served: Served, addresses: dict[str, str]
) -> None:
    with opened_window(browser) as window:
        page = window.open(served.url + addresses["running"]).page
        page.evaluate("() => { window.untouched = true; }")
        first = page.locator("#sentence").inner_text()
        expect(page.locator("#sentence")).not_to_have_text(first)
        assert page.evaluate("() => window.untouched")
        assert page.locator("#live").inner_text() != ""


def test_without_scripts_a_study_is_started_watched_and_cancelled(
    browser: Browser, served: Served, addresses: dict[str, str]
) -> None:
    with opened_window(browser, java_script_enabled=False, size=PHONE) as window:
        page = window.open(served.url + addresses["again"]).page
        page.locator("#field-n_init").fill("100")
        page.locator("#field-n_experiments").fill("100")
        page.get_by_role("button", name="Estimate again").click()
        expect(page.locator("#estimate")).to_contain_text("2,400 fits on 2 workers")
        page.get_by_role("button", name="Start study").click()
        began = page.locator("main time").first
        expect(began).not_to_have_text(began.inner_text(), timeout=20_000)
        page.get_by_role("button", name="Cancel study").click()
        expect(page.get_by_text(re.compile(r"Cancelled after [\d,]+ fits?\."))).to_be_visible()


def test_deleting_asks_first_and_the_focus_comes_back(
    browser: Browser, served: Served, addresses: dict[str, str]
) -> None:
    with opened_window(browser) as window:
        page = window.open(served.url + addresses["report"]).page
        page.get_by_role("link", name="Delete").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.get_by_role("link", name="Delete")).to_be_focused()


def test_the_form_says_what_is_wrong_and_takes_the_reader_there(
    browser: Browser, served: Served, addresses: dict[str, str]
) -> None:
    with opened_window(browser) as window:
        page = window.open(served.url + addresses["new"]).page
        page.get_by_role("button", name="None").click()
        expect(page.locator("#chosen")).to_have_text("0")
        expect(page.locator("#estimate")).to_contain_text("Choose at least one column.")
        page.get_by_role("button", name="Start study").click()
        expect(page.get_by_role("alert")).to_be_focused()
        page.get_by_role("link", name="Choose at least one column.").click()
        expect(page.locator("#field-columns")).to_be_focused()
        window.check_everyone_can_read()
