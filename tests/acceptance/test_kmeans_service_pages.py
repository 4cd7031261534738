"""The pages of K-Means Service in a real browser: the old form, the table of tasks, the plots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.asking import ROWS, add, ended
from tests.support.browser import Window, opened_window
from tests.support.server import Served, running_server

THERE = "() => [...document.querySelectorAll('[data-plot] img')].map((one) => one.naturalWidth > 100)"
DARK = "() => [...document.querySelectorAll('[data-plot] img')].map((one) => /=dark/.test(one.currentSrc))"
CHOSEN = "(box) => [...box.selectedOptions].map((one) => one.value)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("old-pages") / "home") as served:
        yield served


@pytest.fixture(scope="module")
def job(server: Served) -> str:
    """Run a study whose column has a hostile name."""
    rows = ROWS.replace("x,y", '"<i>x</i>",y')
    with server.http() as http:
        wish = {"dataset": add(http, rows), "max_k": 3, "n_experiments": 2, "n_init": 2}
        id_ = str(http.post("/api/v1/studies", json=wish).json()["id"])
        assert ended(http, id_)["state"] == "succeeded"
        return id_


@pytest.fixture
def window(browser: Browser, server: Served) -> Iterator[Window]:
    with opened_window(browser) as opened:
        yield opened
        assert opened.errors == []
        assert opened.asked_of_others(server.url) == []


def test_the_old_form_lists_the_columns_of_the_first_rows(
    window: Window, server: Served, job: str, tmp_path: Path
) -> None:
    """`job` is there so that the workers have begun."""
    path = tmp_path / "places.csv"
    lines = [f"n{row},8.{row},47.{row},{row % 2 * 9 + row / 50},{row / 70}" for row in range(40)]
    path.write_text("\n".join(["name,Longitude, latitude,a,b", *lines, ""]))
    page = window.open(f"{server.url}/").page
    page.get_by_text("Do you come from K-Means Service?").click()
    page.get_by_text("Upload a CSV and choose everything in one form").click()
    form = page.locator("[data-kmeans-upload]")
    expect(form.get_by_label("Largest number of clusters")).to_be_hidden()  # advanced
    form.get_by_label("File").set_input_files(path)
    columns = form.get_by_label("Columns")
    expect(columns.locator("option")).to_have_text(["name", "Longitude", "latitude", "a", "b"])
    assert columns.evaluate(CHOSEN) == ["a", "b"]
    assert form.locator("[name=all_columns]").input_value() == "name,Longitude,latitude,a,b"
    columns.select_option(["a", "latitude"])
    form.get_by_text("Advanced").click()
    form.get_by_label("Largest number of clusters").fill("2")
    form.get_by_label("Repeats").fill("1")
    form.get_by_role("button", name="Submit job").click()
    expect(page.get_by_role("status").first).to_contain_text("It has 12 tasks.")
    expect(page.locator("dl.jobfacts")).to_contain_text("latitude, a")
    expect(page.get_by_role("link", name="Detailed report")).to_be_visible(timeout=60_000)


def test_tasks_are_selected_and_run_again(window: Window, server: Served, job: str) -> None:
    page = window.open(f"{server.url}/status/{job}").page
    boxes = page.locator("[name=task_ids]")
    expect(boxes).to_have_count(25)
    page.get_by_role("button", name="Select these 25").click()
    expect(page.locator("[name=task_ids]:checked")).to_have_count(25)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("[name=task_ids]:checked")).to_have_count(0)
    boxes.nth(3).check()
    page.get_by_role("button", name="Rerun selected").click()
    expect(page.get_by_role("status").first).to_contain_text("1 task waits to run again.")
    expect(page.get_by_role("link", name="Detailed report")).to_be_visible(timeout=60_000)


def plots_are_there(page: Page, count: int) -> None:
    figures = page.locator("[data-plot]")
    expect(figures).to_have_count(count)
    for place in range(count):
        figures.nth(place).scroll_into_view_if_needed()
        expect(figures.nth(place).locator("[data-plot-state]")).to_be_hidden(timeout=30_000)
    assert page.evaluate(THERE) == [True] * count


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_read_the_pages(browser: Browser, server: Served, job: str, theme: str) -> None:
    with opened_window(browser, theme=theme) as window:
        pages = {f"/status/{job}": 0, f"/report/{job}": 4, _best(job): 1, "/app/examples": 0}
        for path, plots in pages.items():
            page = window.open(server.url + path).page
            plots_are_there(page, plots)
            window.check_everyone_can_read()
            window.check_no_sideways_scroll()
            assert page.evaluate(DARK) == [theme == "dark"] * plots
        assert window.errors == []


def test_a_switch_of_the_theme_changes_the_plots(window: Window, server: Served, job: str) -> None:
    page = window.open(server.url + _best(job)).page
    plots_are_there(page, 1)
    page.get_by_role("button", name=re.compile("dark")).click()
    expect(page.locator("[data-plot] img")).to_have_attribute("srcset", re.compile("theme=dark"))
    plots_are_there(page, 1)


def test_a_plot_that_fails_says_so_and_is_tried_again(browser: Browser, server: Served, job: str) -> None:
    with opened_window(browser) as window:
        broken: list[str] = []

        def fail_once(route: Route) -> None:
            if broken:
                return route.continue_()
            broken.append(route.request.url)
            route.abort()

        window.page.route("**/plot/task*", fail_once)
        page = window.open(server.url + _best(job)).page
        figure = page.locator("[data-plot]")
        expect(figure).to_contain_text("This plot could not be drawn.")
        figure.get_by_role("button", name="Try again").click()
        plots_are_there(page, 1)


def test_axes_are_chosen_and_names_stay_names(window: Window, server: Served, job: str) -> None:
    page = window.open(f"{server.url}/report/{job}").page
    expect(page.get_by_label("x", exact=True).locator("option")).to_have_text(["<i>x</i>", "y"])
    page.get_by_label("x", exact=True).select_option("y")
    page.get_by_label("y", exact=True).select_option("<i>x</i>")
    page.get_by_role("button", name="Draw", exact=True).click()
    assert page.locator("i").count() == 0
    assert page.get_by_label("y", exact=True).input_value() == "<i>x</i>"
    plots_are_there(page, 4)


def test_everything_reads_and_acts_without_javascript(browser: Browser, server: Served, job: str) -> None:
    with opened_window(browser, java_script_enabled=False) as window:
        page = window.open(f"{server.url}/report/{job}").page
        assert all(page.locator("[data-plot] img").nth(place).get_attribute("src") for place in range(4))
        page.get_by_label("Smallest cluster").fill("61")
        page.get_by_role("button", name="Redraw").click()
        expect(page.locator("#recommended")).to_contain_text("not available: 60 of 61 rows")
        page = window.open(f"{server.url}/").page
        page.get_by_text("Do you come from K-Means Service?").click()
        page.get_by_label("Check status of a job").fill(job)
        page.get_by_role("button", name="Check status").click()
        expect(page.locator("h1")).to_contain_text("rows.csv")
        page.get_by_role("button", name="Rerun selected").click()
        expect(page.get_by_role("status").first).to_contain_text("No task is chosen.")


def _best(job: str) -> str:
    return f"/report/task?job_id={job}&plot_best=True"
