"""The pages in a real browser: readable for everyone, by keyboard, on a phone, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.support.asking import add, ended
from tests.support.browser import Window, opened_window
from tests.support.command import PENGUINS
from tests.support.server import Served, running_server

EVIL = [
    "<script>document.title='broken'</script>",
    '"><img src=x onerror=alert(1)>',
    "w" * 60,
    "عمود البيانات",
]
QUICK = {"max_k": 3, "n_experiments": 2, "n_init": 2, "covariances": ["full-tied", "spher-untied"]}
PIECE = 4 << 20
FOCUSABLE = """() => [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
  .filter((one) => !one.disabled && one.type !== 'hidden' && one.checkVisibility({visibilityProperty: true})
    && !one.closest('dialog:not([open])')).length"""
SETTLED = """() => [...document.querySelectorAll("[data-live]")].every((part) => part.dataset.last)"""
MARK = """() => { const one = document.activeElement;
  if (one && one !== document.body) one.dataset.reached = 'yes';
  return document.querySelectorAll('[data-reached]').length }"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("in-browser") / "home", workers=2) as served:
        yield served


@pytest.fixture(scope="module")
def places(server: Served) -> dict[str, str]:
    """Return the addresses of every page of ours, with something to show on it."""
    columns = [*EVIL, *(f"column {place}" for place in range(40))]
    rows = [
        ",".join(str(row % 3 * 20 + place + row / 50) for place in range(len(columns))) for row in range(60)
    ]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in columns)
    with server.http() as http:
        penguins = add(http, PENGUINS.read_text(), "penguins.csv")
        hostile = add(http, "\n".join([header, *rows]) + "\n", "<b>" + "long " * 40 + ".csv")
        wishes: list[dict[str, Any]] = [
            {"dataset": penguins},
            {"dataset": penguins, "seed": 1},
            {"dataset": hostile, "columns": EVIL},
        ]
        made = [http.post("/api/v1/studies", json={**wish, **QUICK}).json()["id"] for wish in wishes]
        for study in made:
            ended(http, study)
    return {
        "home": "/app",
        "root": "/",
        "datasets": "/app/datasets",
        "upload": "/app/datasets/new",
        "dataset": f"/app/datasets/{penguins}",
        "hostile": f"/app/datasets/{hostile}",
        "delete": f"/app/datasets/{hostile}/delete",
        "studies": "/app/studies",
        "nothing": "/app/studies?q=nothing+is+like+this",
        "compare": f"/app/studies/compare?a={made[0]}&b={made[1]}",
        "column": f"/app/studies/compare?a={made[0]}&column=species",
        "ask": "/app/studies/compare",
        "missing": "/app/datasets/000000000000",
    }


@pytest.fixture
def window(browser: Browser, server: Served) -> Iterator[Window]:
    with opened_window(browser) as opened:
        yield opened
        assert opened.errors == []
        assert opened.asked_of_others(server.url) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_read_every_page_also_on_a_phone(
    browser: Browser, server: Served, places: dict[str, str], theme: str
) -> None:
    with opened_window(browser, theme=theme) as window:
        for name, path in places.items():
            window.open(server.url + path)
            expect(window.page.locator("h1")).to_have_count(1)
            window.check_everyone_can_read()
            window.check_no_sideways_scroll(360)
            window.check_no_sideways_scroll(320)
            if name == "missing":
                assert window.errors.pop().startswith("Failed to load resource")
            assert window.errors == [], name


def test_tab_reaches_every_control(window: Window, server: Served, places: dict[str, str]) -> None:
    for name in ("home", "studies", "dataset", "compare", "upload"):
        window.open(server.url + places[name])
        window.page.wait_for_function(SETTLED)
        wanted, reached = window.page.evaluate(FOCUSABLE), 0
        for _ in range(wanted + 5):
            window.page.keyboard.press("Tab")
            reached = window.page.evaluate(MARK)
        assert reached == wanted, name


def test_the_first_rows_are_shown_before_a_file_is_sent(
    window: Window, server: Served, tmp_path: Path
) -> None:
    file = tmp_path / "marked.csv"
    file.write_text('name;"a;b";n\n' + 'x;"<img src=x onerror=alert(1)>";1,5\n' * 9)
    page = window.open(f"{server.url}/app/datasets/new").page
    expect(page.get_by_label("Separator")).to_be_hidden()
    page.get_by_label("Drop a CSV here").set_input_files(file)
    table = page.locator("[data-preview] table")
    expect(table.locator("th")).to_have_text(["name", "a;b", "n"])
    expect(table.locator("tbody tr")).to_have_count(5)
    expect(table.locator("td").nth(1)).to_have_text("<img src=x onerror=alert(1)>")
    page.get_by_label("Separator").select_option("comma")
    expect(table).to_have_count(1)
    expect(page.locator("[data-upload-note]")).to_contain_text("Check the separator.")
    page.get_by_label("Separator").select_option("semicolon")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("h1")).to_have_text("marked.csv")


def test_a_large_file_goes_on_after_a_break_and_a_reload(
    browser: Browser, server: Served, tmp_path: Path
) -> None:
    file, sent = tmp_path / "large.csv", list[int]()
    file.write_text("a,b\n" + "".join(f"{i % 2 * 9 + i / 1e6:.6f},{i % 3:.6f}\n" for i in range(510_000)))
    assert 2 * PIECE < file.stat().st_size < 3 * PIECE
    with opened_window(browser) as window:
        page = window.open(f"{server.url}/app/datasets/new").page
        page.route(f"{server.url}/api/v1/uploads/*", lambda route: _break_second(route, sent))
        page.get_by_label("Drop a CSV here").set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_text("The connection is lost.")).to_be_visible()
        page.unroute(f"{server.url}/api/v1/uploads/*")
        page.reload()
        expect(page.get_by_text("large.csv was not sent whole: 4.0 of")).to_be_visible()
        offsets = list[str]()
        page.on("request", lambda one: offsets.append(one.headers.get("upload-offset", "")))
        page.get_by_label("Drop a CSV here").set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        page.wait_for_url(re.compile(r"/app/datasets/\w{12}$"))
        expect(page.get_by_text("510,000 rows, 2 columns")).to_be_visible()
    assert [offset for offset in offsets if offset] == [str(PIECE), str(2 * PIECE)]


def _break_second(route: Route, sent: list[int]) -> None:
    if route.request.method == "PATCH":
        sent.append(1)
        if len(sent) > 1:
            return route.abort()
    route.continue_()


def test_a_file_over_the_limit_is_refused_before_it_is_sent(
    browser: Browser, server: Served, tmp_path: Path
) -> None:
    file = tmp_path / "huge.csv"
    with file.open("wb") as huge:
        huge.truncate((256 << 20) + 1)
    with opened_window(browser) as window:
        page = window.open(f"{server.url}/app").page
        page.get_by_label("Drop a CSV here").set_input_files(file)
        expect(page.get_by_text("This file is 256 MB; the limit here is 256 MB.")).to_be_visible()
        page.get_by_role("button", name="Upload").click()
        assert page.url == f"{server.url}/app"
        assert not [one for one in window.asked if one.endswith("/datasets/new")]


def test_a_dialog_asks_before_a_dataset_goes_and_gives_the_focus_back(window: Window, server: Served) -> None:
    with server.http() as http:
        dataset = add(http, "a,b\n1,2\n5,9\n", "to-go.csv")
    page = window.open(f"{server.url}/app/datasets/{dataset}").page
    delete = page.get_by_role("link", name="Delete")
    delete.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Delete to-go.csv?")
    window.check_everyone_can_read()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(delete).to_be_focused()
    delete.click()
    dialog.get_by_role("button", name="Delete to-go.csv").click()
    expect(page.get_by_text("to-go.csv is deleted.")).to_be_visible()


def test_two_chosen_studies_are_compared(window: Window, server: Served, places: dict[str, str]) -> None:
    page = window.open(server.url + places["studies"]).page
    boxes, act = page.get_by_role("checkbox"), page.get_by_role("button", name="Compare")
    expect(act).to_be_disabled()
    boxes.nth(1).check()
    expect(page.get_by_text("1 chosen.")).to_be_visible()
    expect(act).to_be_disabled()
    boxes.nth(2).check()
    act.click()
    expect(page.get_by_text("Adjusted Rand index")).to_be_visible()


def test_home_follows_a_study_without_being_loaded_again(
    window: Window, server: Served, places: dict[str, str]
) -> None:
    page = window.open(server.url + places["home"]).page
    page.evaluate("() => { window.here = true }")
    wish = {"dataset": places["dataset"].rpartition("/")[2], "name": "followed", **QUICK, "n_experiments": 40}
    with server.http() as http:
        http.post("/api/v1/studies", json=wish)
        bar = page.get_by_role("progressbar", name="Progress")
        expect(bar).to_be_visible()
        expect(page.get_by_role("link", name="followed")).to_be_visible()
        expect(page.locator("tbody").get_by_text("followed")).to_be_visible(timeout=60_000)
    expect(bar).to_have_count(0)
    assert page.evaluate("() => window.here") is True


def test_no_page_is_large(server: Served, places: dict[str, str]) -> None:
    with server.http(headers={"Accept": "text/html"}) as http:
        sizes = {name: len(http.get(path).content) for name, path in places.items()}
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}
