"""Live tasks in a real browser: created, fed, watched while they move, changed, copied, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.asking import add
from tests.support.browser import Window, opened_window
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

EVIL = ["<script>document.title='broken'</script>", '"><img src=x onerror=alert(1)>', "w" * 60, "عمود"]
BLOBS = ((0.0, 0.0), (10.0, 10.0), (0.0, 10.0))
LONG, COMPILING = 60_000, 240  # ms and s
NOW = "[data-now={}]"
CENTRES = """() => [...shoalLive.scene.centres.known.values()].map((one) => [...one.to])"""
HELD = "() => [shoalLive.scene.points.next, shoalLive.pump.next, shoalLive.pump.wanted, shoalLive.pump.busy]"
COLOURS = "() => new Set(shoalLive.scene.points.labels.subarray(0, shoalLive.scene.points.count)).size"
FOCUSABLE = """() => [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
  .filter((one) => !one.disabled && one.type !== 'hidden' && (one.type !== 'radio' || one.checked)
    && one.checkVisibility({visibilityProperty: true})).length"""
MARK = """() => { const one = document.activeElement;
  if (one && one !== document.body) one.dataset.reached = 'yes';
  return document.querySelectorAll('[data-reached]').length }"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("live-pages") / "home") as served:
        with served.http() as http:  # The first turn compiles kernels where that is not done yet.
            task = created(http, columns=["a", "b"], algorithm={"name": "kmeans", "k": 3})
            push(http, task, rows_around(BLOBS))
            found(http, task, 3)
            http.delete(f"/api/v1/live/{task}").raise_for_status()
        yield served


@pytest.fixture
def window(browser: Browser, server: Served) -> Iterator[Window]:
    with opened_window(browser) as opened:
        yield opened
        assert opened.errors == []
        assert opened.asked_of_others(server.url) == []


def rows_around(blobs: Any, n: int = 100, seed: int = 0) -> list[list[float]]:
    random = np.random.default_rng(seed)
    rows = np.concatenate([random.normal(blob, 0.5, (n, len(blob))) for blob in blobs])
    return [[float(value) for value in row] for row in random.permutation(rows).round(3)]


def as_csv(rows: list[list[float]], names: str = "") -> str:
    return names + "".join(",".join(map(str, row)) + "\n" for row in rows)


def push(http: httpx.Client, task: str, rows: list[list[float]]) -> None:
    http.post(f"/api/v1/live/{task}/rows", json=rows).raise_for_status()


def created(http: httpx.Client, **wish: Any) -> str:
    answer = http.post("/api/v1/live?then=play", json=wish)
    answer.raise_for_status()
    return str(answer.json()["id"])


def found(http: httpx.Client, task: str, clusters: int) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        told: dict[str, Any] = http.get(f"/api/v1/live/{task}").json()
        return told if told["clusters"] == clusters else {}

    return wait_until(look, timeout=COMPILING, on_timeout=lambda: http.get(f"/api/v1/live/{task}").text)


def centres(page: Page) -> np.ndarray[Any, Any]:
    return np.array(sorted(page.evaluate(CENTRES)))


def near(page: Page, blobs: Any) -> bool:
    now = centres(page)
    return now.shape == np.shape(blobs) and bool(np.abs(now - np.array(sorted(blobs))).max() < 0.5)


def test_a_task_is_created_fed_watched_changed_paused_copied_and_deleted(
    window: Window, server: Served, tmp_path: Path
) -> None:
    page = window.open(f"{server.url}/app/live").page
    expect(page.get_by_text("No live tasks. Start one from a file")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="New live task").first.click()
    page.get_by_label("Name", exact=True).fill("sensors")
    page.get_by_label("Names of the columns").fill("temp\nhum")
    page.get_by_label("How many clusters?").select_option("kmeans")
    page.get_by_label("Number of clusters").fill("3")
    page.get_by_label("Rows to remember").fill("300")
    page.get_by_role("button", name="Start live task").click()
    expect(page.locator("h1")).to_have_text("sensors")
    expect(page.get_by_text("No rows yet. This task starts with the first row.")).to_be_visible()
    page.get_by_role("link", name="Push data").click()
    page.get_by_label("Rows", exact=True).fill(as_csv(rows_around(BLOBS)))
    page.get_by_role("button", name="Push rows").click()
    expect(page.get_by_text("300 rows pushed.")).to_be_visible()
    expect(page.locator(NOW.format("clusters"))).to_have_text("3", timeout=LONG)
    expect(page.locator("#clusters tbody[data-clusters] tr")).to_have_count(3)
    expect(page.locator(NOW.format("rows"))).to_have_text("300")
    wait_until(lambda: near(page, BLOBS), timeout=30)
    _moves(page, server, tmp_path)
    _changes(window)
    _rests(page)
    _copied_and_deleted(page, server)


def _moves(page: Page, server: Served, tmp_path: Path) -> None:
    """Rows around other places come as a file; the centres go there while somebody looks."""
    page.evaluate("() => { window.here = true }")
    elsewhere = [(x + 4, y - 3) for x, y in BLOBS]
    with server.http() as http:
        push(http, page.url.rpartition("/")[2], rows_around(elsewhere, seed=1))
        expect(page.locator(NOW.format("rows"))).to_have_text("600", timeout=LONG)
        wait_until(lambda: near(page, elsewhere), timeout=30)
    assert page.evaluate("() => window.here") is True
    assert page.evaluate("() => Math.max(...shoalLive.scene.placed.map((one) => one.trail.length))") > 0
    wait_until(lambda: page.evaluate(HELD)[0] == 600, timeout=120, on_timeout=lambda: page.evaluate(HELD))
    wait_until(lambda: page.evaluate(COLOURS) == 3, timeout=30)
    file = tmp_path / "more.csv"
    file.write_text(as_csv([row[::-1] for row in rows_around(elsewhere, 10)], "hum,temp\n"))
    page.get_by_role("link", name="Push data").click()
    page.get_by_label("Or a file").set_input_files(file)
    page.get_by_role("button", name="Push rows").click()
    expect(page.get_by_text("30 rows pushed.")).to_be_visible()
    wait_until(lambda: near(page, elsewhere), timeout=30)


def _changes(window: Window) -> None:
    page = window.page
    page.get_by_role("link", name="Change settings").click()
    page.get_by_label("Number of clusters").fill("many")
    page.get_by_role("button", name="Change settings").click()
    expect(page.locator("#errors")).to_contain_text("This is not a number: many")
    window.errors.clear()  # The browser itself tells of the 422.
    page.get_by_label("Number of clusters").fill("2")
    page.get_by_role("button", name="Change settings").click()
    expect(page.get_by_text("Settings are changed.")).to_be_visible()
    expect(page.locator(NOW.format("clusters"))).to_have_text("2", timeout=LONG)
    expect(page.locator("#clusters tbody[data-clusters] tr")).to_have_count(2)


def _rests(page: Page) -> None:
    """The space bar pauses and plays, without the page being loaded again."""
    page.evaluate("() => { window.here = true }")
    badge = page.locator("#now .badge")
    page.keyboard.press("Space")
    expect(badge).to_have_text("Idle")
    expect(page.get_by_text("Paused. Rows are still accepted and kept.")).to_be_visible()
    page.keyboard.press("Space")
    expect(badge).to_have_text("Running")
    page.get_by_role("button", name="Pause").click()
    expect(badge).to_have_text("Idle")
    page.get_by_role("button", name="Stop").click()
    expect(badge).to_have_text("Finished")
    expect(page.get_by_text("Stopped. Its clusters are kept.")).to_be_visible()
    assert page.evaluate("() => window.here") is True


def _copied_and_deleted(page: Page, server: Served) -> None:
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("h1")).to_have_text("Copy of sensors")
    with server.http() as http:
        rows = http.get("/api/v1/live/last").json()["rows"]
    assert rows >= 300  # The frame goes along.
    expect(page.locator(NOW.format("rows"))).to_have_text(str(rows))
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text(f"Its {rows} rows, its clusters and its events go.")).to_be_visible()
    page.get_by_role("button", name="Delete live task").click()
    expect(page.get_by_text("Copy of sensors is deleted.")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody th")).to_have_text("sensors")


def test_rows_of_a_dataset_go_first_and_new_rows_get_their_cluster(window: Window, server: Served) -> None:
    with server.http() as http:
        csv = as_csv([[*row, 1] for row in rows_around(BLOBS)], "temp,hum,constant\n")
        dataset = add(http, csv, "weather.csv")
    page = window.open(f"{server.url}/app/live/new?dataset={dataset}").page
    expect(page.get_by_text("weather.csv, 300 rows.")).to_be_visible()
    expect(page.get_by_label(re.compile("temp"))).to_be_checked()
    expect(page.get_by_label(re.compile("constant"))).not_to_be_checked()
    page.get_by_label("How many clusters?").select_option("kmeans")
    page.get_by_label("Number of clusters").fill("3")
    page.get_by_role("button", name="Start live task").click()
    expect(page.locator(NOW.format("clusters"))).to_have_text("3", timeout=LONG)
    expect(page.locator(NOW.format("rows"))).to_have_text("300")
    page.get_by_role("link", name="Assign new rows").click()
    page.get_by_label("Rows", exact=True).fill("[[0, 0], [10, 10], [0.1, 0.1]]")
    page.get_by_role("button", name="Show clusters").click()
    told = page.locator("tbody tr td:nth-child(2)").all_text_contents()
    assert told[0] == told[2] != told[1]
    assert set(told) <= {"1", "2", "3"}
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert Path(download.value.path()).read_text().splitlines()[0] == "Label,Distance"


def test_what_cannot_be_used_is_said_at_its_place_and_nothing_is_lost(window: Window, server: Served) -> None:
    page = window.open(f"{server.url}/app/live/new").page
    page.get_by_label("Name", exact=True).fill("kept")
    page.get_by_label("How many clusters?").select_option("kmeans")
    page.get_by_label("Number of clusters").fill("0")
    page.locator("#advanced summary").click()
    page.get_by_label("Timeout").fill("-1")
    page.get_by_role("button", name="Start live task").click()
    expect(page.locator("#errors li")).to_have_count(2)
    expect(page.get_by_label("Name", exact=True)).to_have_value("kept")
    expect(page.get_by_label("Timeout")).to_be_visible()
    with server.http() as http:
        task = created(http, name="narrow", columns=["a", "b"], algorithm={"name": "kmeans", "k": 2})
    window.errors.clear()  # The browser itself tells of the 422.
    page = window.open(f"{server.url}/app/live/{task}/push").page
    page.get_by_label("Rows", exact=True).fill("[[1, 2], [3, 4, 5]]")
    page.get_by_role("button", name="Push rows").click()
    expect(page.locator("#error-rows")).to_contain_text("Row 2")
    expect(page.get_by_label("Rows", exact=True)).to_have_value("[[1, 2], [3, 4, 5]]")
    with server.http() as http:
        assert http.get(f"/api/v1/live/{task}").json()["rows"] == 0
    window.errors.clear()


@pytest.fixture(scope="module")
def hostile(server: Served) -> str:
    """Return the address of a task with 20 clusters in 40 columns of hostile names."""
    columns = [*EVIL, *(f"column {place}" for place in range(36))]
    blobs = np.random.default_rng(3).uniform(-50, 50, (20, 40))
    with server.http() as http:
        wish = {"name": "kmeans", "k": 20, "frame_size": 2000}
        task = created(http, name="<b>" + "n" * 60, columns=columns, algorithm=wish)
        push(http, task, rows_around(blobs, 30))
        found(http, task, 20)
    return f"{server.url}/app/live/{task}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_read_live_pages_also_on_a_phone(
    browser: Browser, server: Served, hostile: str, theme: str
) -> None:
    acts = ("", "/push", "/predict", "/settings", "/delete")
    paths = [f"{server.url}/app/live", f"{server.url}/app/live/new", *(hostile + act for act in acts)]
    with opened_window(browser, theme=theme) as window:
        for path in paths:
            page = window.open(path).page
            expect(page.locator("h1")).to_have_count(1)
            if path == hostile:
                expect(page.locator("#scene.drawn")).to_have_count(1)
                page.locator("#as-table summary").click()
            window.check_everyone_can_read()
            window.check_no_sideways_scroll(360)
            window.check_no_sideways_scroll(320)
        assert window.errors == []


def test_tab_reaches_every_control_of_a_live_task(window: Window, hostile: str) -> None:
    page = window.open(hostile).page
    expect(page.locator("#scene.drawn")).to_have_count(1)
    expect(page.locator("#more-metrics")).to_be_visible()
    wanted, reached = page.evaluate(FOCUSABLE), 0
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        reached = page.evaluate(MARK)
    assert reached == wanted


def test_axes_components_and_bubbles_show_the_same_clusters(window: Window, hostile: str) -> None:
    page = window.open(hostile).page
    expect(page.locator("#scene.drawn")).to_have_count(1)
    titles = "() => shoalLive.scene.titles()"
    page.locator("#choose-y").select_option("5")
    assert page.evaluate(titles) == [EVIL[0], "column 1"]
    page.get_by_role("button", name="PCA").click()
    assert all(re.fullmatch(r"Component \d \(\d+% of the spread\)", one) for one in page.evaluate(titles))
    page.get_by_role("button", name="PCA").click()
    page.get_by_role("button", name="Bubbles").click()
    page.get_by_label("Square-root axes").check()
    wait_until(lambda: page.evaluate("() => shoalLive.scene.placed?.every((one) => one.r > 0)"))
    touching = """() => shoalLive.scene.placed.flatMap((one, at, all) => all.slice(at + 1)
      .filter((two) => Math.hypot(one.x - two.x, one.y - two.y) < one.r + two.r - 1)).length"""
    assert page.evaluate(touching) == 0
    page.locator("#as-table summary").click()
    expect(page.locator("#as-table tbody tr")).to_have_count(20)
    assert page.title() != "broken"


def test_pages_of_live_tasks_tell_the_same_without_javascript(
    browser: Browser, server: Served, hostile: str
) -> None:
    with opened_window(browser, java_script_enabled=False) as window:
        page = window.open(hostile).page
        expect(page.locator("#clusters tbody[data-clusters] tr")).to_have_count(20)
        expect(page.locator(NOW.format("clusters"))).to_have_text("20")
        page.get_by_role("button", name="Pause").click()
        expect(page.locator("#now .badge")).to_have_text("Idle")
        page.get_by_role("button", name="Play").click()
        expect(page.locator("#now .badge")).to_have_text("Running")


def test_no_live_page_is_large_and_a_wrong_id_is_said(server: Served, hostile: str) -> None:
    with server.http(headers={"Accept": "text/html"}) as http:
        assert len(http.get(hostile).content) < 150_000
        missing = http.get("/app/live/000000000000")
    assert missing.status_code == 404
    assert "There is no live task 000000000000" in missing.text


def test_a_lost_stream_is_said_and_heals(browser: Browser, server: Served, hostile: str) -> None:
    with opened_window(browser) as window:
        page = window.page
        page.route("**/stream", lambda route: route.abort())
        window.open(hostile)
        expect(page.locator("#lost")).to_contain_text("Not live since")
        page.unroute("**/stream")
        page.get_by_role("button", name="Try now").click()
        expect(page.locator("#lost")).to_be_hidden()
        expect(page.locator("#scene.drawn")).to_have_count(1)


def test_an_exported_task_is_imported_by_a_form(
    window: Window, server: Served, hostile: str, tmp_path: Path
) -> None:
    exported, wrong = tmp_path / "task.npz", tmp_path / "wrong.npz"
    with server.http() as http:
        exported.write_bytes(http.get(f"/api/v1/live/{hostile.rpartition('/')[2]}/export").content)
    wrong.write_bytes(b"nothing")
    page = window.open(f"{server.url}/app/live").page
    page.get_by_role("link", name="Import").click()
    window.check_everyone_can_read()
    page.get_by_label("File").set_input_files(wrong)
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#error-file")).to_be_visible()
    window.errors.clear()  # The browser tells of the refusal too.
    page.get_by_label("File").set_input_files(exported)
    page.get_by_label("Name").fill("brought")
    page.get_by_role("button", name="Import").click()
    expect(page.locator("h1")).to_have_text("brought")
    expect(page.locator("#now .badge")).to_have_text("Ready")
    expect(page.locator("#clusters tbody[data-clusters] tr")).to_have_count(20)


def test_home_tells_of_tasks_that_run(window: Window, server: Served, hostile: str) -> None:
    page = window.open(f"{server.url}/app").page
    running = page.get_by_role("region", name="Running now")
    expect(running.get_by_role("link", name="n" * 60).first).to_be_visible()
    expect(running.get_by_text("20 clusters")).to_be_visible()
