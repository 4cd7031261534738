"""The whole way in a real browser: a file, a study, its report, and what goes wrong in between."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.support.browser import Window, opened_window
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

FITS = 600
POISONED, POISON = 231, "3 9 diag-untied"
COUNTS = """() => [...document.querySelectorAll('#counts strong')]
  .map((one) => Number(one.textContent.replace(',', '')))"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("flow")
    env = {"POISONED": str(folder / "poison")}
    with running_server(
        folder / "home", program="tests.support.serve_poisoned", env=env, workers=2
    ) as server:
        yield server


@pytest.fixture(scope="module")
def normal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 3,000 rows of two columns, in three normal groups."""
    draw = np.random.default_rng(11)
    rows = np.vstack([draw.normal(centre, 1.0, (1000, 2)) for centre in ((0, 0), (7, 1), (2, 8))])
    path = tmp_path_factory.mktemp("data") / "normal.csv"
    path.write_text("x,y\n" + "".join(f"{x:.5f},{y:.5f}\n" for x, y in draw.permutation(rows)))
    return path


@pytest.fixture
def window(browser: Browser, served: Served) -> Iterator[Window]:
    with opened_window(browser, accept_downloads=True) as opened:
        yield opened
        assert opened.errors == []
        assert opened.asked_of_others(served.url) == []


def test_from_a_file_to_labels_a_rerun_a_comparison_and_new_rows(
    window: Window, served: Served, normal: Path, tmp_path: Path
) -> None:
    page, poison = window.page, served.home.parent / "poison"
    poison.write_text(POISON)
    study = upload_and_start(page, served, normal, starts="30")
    watch(page)
    read(page)
    check_fits(page, served, study, failed=[POISONED])
    check_labels(saved(page, "Download labels (CSV)", tmp_path), rows=3000)

    expect(page.get_by_text("599 of 600 fits worked; 1 failed.")).to_be_visible()
    page.get_by_role("link", name="Show", exact=True).click()
    expect(page.locator("#fits")).to_contain_text("the matrix of this fit cannot be inverted")
    poison.unlink()
    page.get_by_label(f"Choose fit {POISONED}").check()
    expect(page.locator("#picked")).to_have_text("1 chosen")
    page.get_by_role("button", name="Rerun chosen").click()
    expect(page.get_by_role("status").filter(has_text="+1 fit.")).to_be_visible()
    expect(page.locator(".count")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("599 of 600 fits worked; 1 failed.")).to_have_count(0)
    check_fits(page, served, study, failed=[])

    other = start_like(page, served, study)
    compare(page, served, study, other)
    assign(page, served, study, tmp_path)


def test_a_running_study_is_cancelled_and_what_ended_stays(
    window: Window, served: Served, normal: Path
) -> None:
    page = window.page
    study = upload_and_start(page, served, normal, repeats="100", starts="100")
    page.wait_for_function(
        "() => Number(document.querySelector('#counts strong').textContent.replace(',', '')) > 0"
    )
    assert sum(page.evaluate(COUNTS)) == 6000
    page.get_by_role("button", name="Cancel study").click()
    expect(page.get_by_text(re.compile(r"Cancelled after [\d,]+ fits?\."))).to_be_visible()
    told = page.get_by_text(re.compile(r"Cancelled after [\d,]+ fits?\.")).inner_text()
    kept = int(re.sub(r"\D", "", told))
    answer = page.request.get(f"{served.url}/api/v1/studies/{study}/fits").json()
    assert len(answer["fits"]) == kept > 0
    expect(page.get_by_role("button", name="Run the rest")).to_be_visible()


def upload_and_start(
    page: Page, served: Served, file: Path, *, repeats: str = "10", starts: str = "10"
) -> str:
    """Upload a file on the home page and start a study of it; returns the study's id."""
    page.goto(f"{served.url}/app")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New study")
    page.locator("#advanced summary").click()
    page.get_by_role("textbox", name="Repeats").fill(repeats)
    page.get_by_role("textbox", name="Starts per fit").fill(starts)
    expect(page.locator("#estimate")).to_contain_text(f"{60 * int(repeats):,} fits on 2 workers")
    page.get_by_role("button", name="Start study").click()
    page.wait_for_url(re.compile(r"/app/studies/\w{12}$"))
    return page.url.rpartition("/")[2]


def watch(page: Page) -> None:
    """Watch a study without touching the page until its report is there: the counts add up all the time."""
    seen = [0]

    def over() -> bool:
        try:
            now = page.evaluate(f"() => document.querySelector('#counts') ? ({COUNTS})() : []")
        except Error as error:
            assert "context was destroyed" in str(error)
            return False  # The page is being loaded again, for its study has ended.
        if now:
            assert sum(now) == FITS
            seen.append(now[0] + now[3])
        return page.locator(".count").count() > 0

    wait_until(over, timeout=120)
    assert seen == sorted(seen)
    assert len(set(seen)) > 1


def read(page: Page) -> None:
    """Read the report: the answer, and a figure in place."""
    expect(page.locator(".count")).to_contain_text("3 groups")
    figure = page.locator("[data-figure=clusters]")

    def drawn() -> bool:
        figure.scroll_into_view_if_needed()  # Figures above it grow when they are drawn.
        return figure.locator(".plot svg, .plot canvas").first.is_visible()

    wait_until(drawn, timeout=60)


def check_fits(page: Page, served: Served, study: str, failed: list[int]) -> None:
    fits = page.request.get(f"{served.url}/api/v1/studies/{study}/fits").json()["fits"]
    assert [fit["fit"] for fit in fits] == list(range(FITS))
    assert [fit["fit"] for fit in fits if fit["state"] == "failed"] == failed
    expect(page.locator("#fits")).to_contain_text(f"of {FITS} fits")


def saved(page: Page, link: str, folder: Path) -> Path:
    with page.expect_download() as waited:
        page.get_by_role("link", name=link).first.click()
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path


def check_labels(path: Path, rows: int) -> None:
    with path.open() as file:
        labels = [row["Label"] for row in csv.DictReader(file)]
    assert len(labels) == rows
    assert set(labels) == {"1", "2", "3"}
    shares = [round(100 * labels.count(one) / rows) for one in sorted(set(labels))]
    assert abs(sum(shares) - 100) <= 1


def start_like(page: Page, served: Served, study: str) -> str:
    """Start the same study with other settings, from its own page; returns the new id when it has ended."""
    page.goto(f"{served.url}/app/studies/{study}")
    page.get_by_role("link", name="Rerun with changes").click()
    page.get_by_role("button", name="Quick").click()  # Unfolded, for the starts are not the usual ones.
    expect(page.get_by_role("textbox", name="Repeats")).to_have_value("3")
    page.get_by_role("button", name="Start study").click()
    expect(page.locator(".count")).to_be_visible(timeout=60_000)
    return page.url.rpartition("/")[2]


def compare(page: Page, served: Served, study: str, other: str) -> None:
    page.goto(f"{served.url}/app/studies/{study}")
    page.get_by_role("link", name="Compare", exact=True).click()
    page.get_by_label("With the study").select_option(other)
    page.get_by_role("button", name="Compare studies").click()
    expect(page.get_by_text("Adjusted Rand index")).to_contain_text("3,000 rows")
    expect(page.locator("table.cross tbody tr")).to_have_count(3)


def assign(page: Page, served: Served, study: str, folder: Path) -> None:
    rows = folder / "new.csv"
    rows.write_text("x,y,who\n0,0,a\n7,1,b\n2,8,c\n")
    page.goto(f"{served.url}/app/studies/{study}")
    page.get_by_role("link", name="Assign new rows").click()
    page.locator("input[type=file]").set_input_files(rows)
    with page.expect_download() as waited:
        page.get_by_role("button", name="Assign rows").click()
    waited.value.save_as(folder / "labelled.csv")
    with (folder / "labelled.csv").open() as file:
        given = list(csv.DictReader(file))
    assert {row["Label"] for row in given} == {"1", "2", "3"}
    assert all(float(row["Certainty"]) > 0.9 for row in given)
