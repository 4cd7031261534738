"""The report's one file, opened from a disk by a real browser."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator

from shoal.studies.notebook import StudyResult, study
from tests.support.browser import PHONE, Window, opened_window
from tests.support.command import PENGUINS

VERMILION = "#E43E02"  # cluster 2, in light surroundings
WITH_CLUSTERS = ("clusters", "cluster", "components", "profiles", "distributions")
MOST_PAGES = 8


@pytest.fixture(scope="module")
def result() -> StudyResult:
    return study(PENGUINS, n_experiments=2, max_k=4, n_init=3)


@pytest.fixture(scope="module")
def report(result: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(result.report(), encoding="utf-8")
    return path


@pytest.fixture
def window(browser: Browser, report: Path) -> Iterator[Window]:
    with opened_window(browser) as opened:
        yield opened.open(report)


def another(browser: Browser, **options: Any) -> AbstractContextManager[Window]:
    return opened_window(browser, **options)


def figure(window: Window, name: str) -> Locator:
    """Return a figure's drawing, once it is there."""
    at = window.page.locator(f'[data-figure="{name}"]')
    at.scroll_into_view_if_needed()
    at.locator(".plot svg").wait_for()
    return at.locator(".plot")


def all_figures(window: Window) -> list[str]:
    names = window.page.locator("[data-figure]:visible").evaluate_all(
        "all => all.map(one => one.dataset.figure)"
    )
    for name in names:
        figure(window, name)
    return [str(name) for name in names]


def written(plot: Locator, words: str) -> None:
    """Wait until a figure says so."""
    plot.locator("text", has_text=re.compile(f"^{re.escape(words)}$")).first.wait_for(state="attached")


def in_colour(plot: Locator, colour: str) -> int:
    return plot.locator(f'[fill="{colour}" i], [stroke="{colour}" i]').count()


def test_every_figure_is_drawn_without_a_complaint_or_a_request(window: Window, report: Path) -> None:
    assert set(all_figures(window)) >= {
        "wins",
        "stability",
        "scores",
        *WITH_CLUSTERS,
        "certainty",
        "correlation",
    }
    assert window.errors == []
    assert window.asked_of_others(report.as_uri()) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_read_it(browser: Browser, report: Path, theme: str) -> None:
    with another(browser, theme=theme) as window:
        all_figures(window.open(report))
        window.check_everyone_can_read()


def test_a_phone_does_not_scroll_sideways(browser: Browser, report: Path) -> None:
    with another(browser, size=PHONE) as window:
        all_figures(window.open(report))
        window.check_no_sideways_scroll(PHONE[0])
        window.check_no_sideways_scroll(320)


def test_the_legend_hides_a_cluster_in_every_figure(window: Window) -> None:
    plots = {name: figure(window, name) for name in WITH_CLUSTERS}
    assert all(in_colour(plot, VERMILION) for plot in plots.values())
    button = window.page.get_by_role("button", name=re.compile("^2 vermilion"))
    button.focus()
    window.page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    for plot in plots.values():
        plot.page.wait_for_function(
            "([plot, colour]) => !plot.querySelector(`[fill='${colour}' i], [stroke='${colour}' i]`)",
            arg=[plot.element_handle(), VERMILION],
        )


def test_axes_can_be_chosen_by_keyboard(window: Window) -> None:
    plots = [figure(window, name) for name in ("clusters", "cluster")]
    before = plots[1].inner_html()
    chooser = window.page.get_by_label("x axis")
    chooser.focus()
    chooser.select_option(label="body_mass_g")
    for plot in plots:
        written(plot, "body_mass_g")
    assert plots[1].inner_html() != before


def test_another_shape_stands_in_the_large_plot(window: Window) -> None:
    figure(window, "cluster")
    chooser = window.page.get_by_label("Large plot")
    name = chooser.locator("option").nth(2).text_content()
    chooser.select_option(index=2)
    assert window.page.locator('[data-figure="cluster"] [data-sentence]').text_content() == f"{name}."
    assert window.errors == []


@pytest.mark.parametrize(
    ("score", "title"), [("AIC", "AIC, higher is better"), ("ICL", "ICL, higher is better")]
)
def test_another_score_can_be_shown(window: Window, score: str, title: str) -> None:
    plot = figure(window, "scores")
    window.page.get_by_label("Score", exact=True).select_option(label=score)
    written(plot, f"{score}, higher is better")
    assert window.errors == []


def test_a_box_lists_its_rows(window: Window) -> None:
    plot = figure(window, "cluster")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    mouse = window.page.mouse
    mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=4)
    mouse.up()
    told = window.page.locator("[data-rows] [role=status]")
    told.wait_for()
    number = int((told.text_content() or "").split(" ")[0])
    assert window.page.locator("[data-rows] tbody tr").count() == min(number, 100) > 0


@pytest.mark.parametrize("form", ["png", "svg", "csv", "json"])
def test_a_figure_can_be_taken_along(window: Window, form: str) -> None:
    figure(window, "wins")
    with window.page.expect_download() as taken:
        window.page.locator(f'[data-figure="wins"] [data-export="{form}"]').click()
    content = Path(taken.value.path()).read_bytes()
    begins = {"png": b"\x89PNG", "svg": b"<svg", "csv": b"k,repeats\n1,", "json": b"{"}
    assert content.startswith(begins[form])
    assert taken.value.suggested_filename == f"wins.{form}"


def test_dark_recolours_the_figures(window: Window) -> None:
    figure(window, "wins")
    window.page.get_by_role("button", name="Switch to dark colours").click()
    window.page.locator('[data-figure="wins"] .plot [fill="#63C3D8" i]').first.wait_for(state="attached")
    assert window.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 25)"


def test_without_scripts_there_are_tables_and_pictures(browser: Browser, report: Path) -> None:
    with another(browser, java_script_enabled=False) as window:
        page = window.open(report).page
        images = page.locator("figure[data-figure]:visible noscript img")
        assert images.count() >= len(WITH_CLUSTERS)
        assert page.get_by_text("Show as table").first.is_visible()
        assert page.locator("#shapes table").is_visible()
        assert not page.locator("#clusters select").first.is_visible()
        assert window.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_eight_pages_of_paper_are_enough(browser: Browser, report: Path, theme: str) -> None:
    with another(browser, theme=theme) as window:
        page = window.open(report).page
        page.locator(".plot svg").first.wait_for()
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= MOST_PAGES


def test_column_names_are_only_words(browser: Browser, tmp_path: Path) -> None:
    nasty = ["<img src=x onerror=alert(1)>", "a.b['c']", 'datum["row"]', "</script><script>alert(1)</script>"]
    table = tmp_path / "nasty.csv"
    rows = PENGUINS.read_text().splitlines()[1:120]
    head = ",".join('"{}"'.format(name.replace('"', '""')) for name in nasty)
    table.write_text(
        "\n".join([head, *(",".join(row.split(",")[2:6]) for row in rows if "NA" not in row)]) + "\n"
    )
    path = tmp_path / "nasty.html"
    path.write_text(study(table, n_experiments=1, max_k=3, n_init=2).report(), encoding="utf-8")
    with another(browser) as window:
        window.page.on("dialog", lambda dialog: window.errors.append(dialog.message))
        all_figures(window.open(path))
        plot = figure(window, "cluster")
        for axis, name in (("x", nasty[0]), ("y", nasty[3])):
            window.page.get_by_label(f"{axis} axis").select_option(label=name)
            written(plot, name)
        assert window.errors == []
        assert window.asked_of_others(path.as_uri()) == []
