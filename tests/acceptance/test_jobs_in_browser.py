"""Scripts and jobs in a real browser: run one, watch it, stop it, change it, run many again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Window, opened_window
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

TALK = """
import sys, time
for n in range(3000):
    print(f"\\x1b[32mline\\x1b[0m {n}", flush=True)
    if n % 10 == 0:
        print(f"<b>trouble</b> {n}", file=sys.stderr, flush=True)
    time.sleep(0.03)
"""
UNFOLD = "() => document.querySelectorAll('details').forEach((one) => { one.open = true })"
HOSTILE = "<script>document.title='broken'</script>"
PAGES = {
    "jobs": "/app/jobs",
    "failed": "/app/jobs?state=failed",
    "nothing": "/app/jobs?q=nothing+is+like+this",
    "scripts": "/app/scripts",
    "script": "/app/scripts/describe_by_group",
    "command": "/app/jobs/new",
    "container": "/app/jobs/new?runner=container",
    "queue": "/app/queue",
    "home": "/app",
    "missing": "/app/jobs/999999",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("jobs-in-browser") / "home", workers=2) as served:
        yield served


@pytest.fixture(scope="module")
def made(server: Served) -> dict[str, str]:
    """Return the addresses of jobs of every sort, all ended but one that waits."""
    wishes: dict[str, dict[str, Any]] = {
        "hostile": {"runner": "command", "cmd": ["echo", HOSTILE], "name": HOSTILE, "env": {"TOKEN": "hush"}},
        "broken": {"runner": "command", "cmd": ["false"], "name": "w" * 200},
        "array": {"runner": "command", "cmd": ["sh", "-c", "exit $(( {{.}} % 2 ))"], "array": "0-5%2"},
        "table": {"runner": "function", "script": "summary", "data": {"type": "raw_data", "data": ROWS}},
        "waits": {"runner": "command", "cmd": ["true"], "labels": ["gpu"], "name": "waits"},
    }
    with server.http() as http:
        ids = {name: http.post("/api/v1/jobs", json=wish).json()["id"] for name, wish in wishes.items()}
        for name in set(ids) - {"waits"}:
            wait_until(partial(ended, server, ids[name]), timeout=60)
    return {name: f"/app/jobs/{id_}" for name, id_ in ids.items()}


GROUPED = '{"site":["x","y","x"],"height":[1,2,3]}'
ROWS = {"a": [1, 2, 3], "<i>b</i>": [4, 5.5, 6]}


def ended(server: Served, job: int) -> bool:
    with server.http() as http:
        return http.get(f"/api/v1/jobs/{job}").json()["state"] in ("succeeded", "failed", "cancelled", "lost")


@pytest.fixture
def window(browser: Browser, server: Served) -> Iterator[Window]:
    with opened_window(browser) as opened:
        yield opened
        assert opened.errors == []
        assert opened.asked_of_others(server.url) == []


def state_of(page: Page) -> Any:
    return page.locator("#now .title .badge")


def test_a_script_is_run_through_its_form(window: Window, server: Served) -> None:
    page = window.open(f"{server.url}/app/scripts").page
    page.get_by_role("link", name="describe_by_group").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("describe_by_group")
    page.get_by_role("textbox", name="JSON").fill(GROUPED)
    page.get_by_role("button", name="Run script").click()
    expect(page.locator("#errors")).to_be_focused()
    assert "422" in window.errors.pop()
    expect(page.locator("#error-arg-by")).to_contain_text("This is needed.")
    expect(page.get_by_role("textbox", name="JSON")).to_have_value(GROUPED)
    expect(page.get_by_role("radio", name="JSON")).to_be_checked()
    page.locator("#field-arg-by").fill("site")
    page.get_by_role("button", name="Run script").click()
    page.wait_for_url(re.compile(r"/app/jobs/\d+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("describe_by_group")
    expect(state_of(page)).to_have_text("Succeeded", timeout=60_000)
    expect(page.locator("#made")).to_contain_text("2 rows")

    page.get_by_role("link", name="Run again with changes").click()
    expect(page.locator("#field-arg-by")).to_have_value("site")
    expect(page.get_by_role("textbox", name="JSON")).to_have_value(GROUPED)
    page.locator("#field-arg-by").fill("nowhere")
    page.get_by_role("button", name="Run script").click()
    expect(state_of(page)).to_have_text("Failed", timeout=60_000)
    expect(page.locator(".note.bad")).to_contain_text("nowhere")


def test_a_log_is_watched_and_searched_and_its_job_is_stopped(window: Window, server: Served) -> None:
    with server.http() as http:
        wish = {"runner": "command", "cmd": ["python3", "-c", TALK], "name": "talker", "kill_grace": 1}
        job = http.post("/api/v1/jobs", json=wish).json()["id"]
    page = window.open(f"{server.url}/app/jobs/{job}").page
    lines = page.locator("#lines .l")
    expect(lines.filter(has_text=re.compile(r"^line 20$"))).to_be_visible()
    expect(state_of(page)).to_have_text("Running")
    expect(lines.filter(has_text="<b>trouble</b> 10")).to_have_class("l e")
    expect(lines.first.locator(".ansi-green")).to_have_text("line")

    page.wait_for_function("() => document.querySelector('#lines').scrollTop > 100")
    page.evaluate("() => { document.querySelector('#lines').scrollTop = 0 }")
    follow = page.get_by_role("button", name="Follow")
    expect(follow).to_be_visible()
    seen = lines.count()
    wait_until(lambda: lines.count() > seen + 10, timeout=30)
    assert page.evaluate("() => document.querySelector('#lines').scrollTop") == 0
    follow.click()
    page.wait_for_function("""() => { const one = document.querySelector('#lines');
      return one.scrollHeight - one.scrollTop - one.clientHeight < 40 }""")
    expect(follow).to_be_hidden()

    page.get_by_role("searchbox", name="Search the log").fill("TROUBLE")
    expect(page.locator("#log-found")).to_have_text(re.compile(r"^1 of \d+"))
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#log-found")).to_have_text(re.compile(r"^2 of \d+"))
    page.get_by_role("radio", name="err").check()
    expect(lines.first).to_be_hidden()
    page.get_by_role("radio", name="all").check()

    page.get_by_role("button", name="Cancel job").click()
    expect(state_of(page)).to_have_text("Cancelled", timeout=30_000)
    expect(page.get_by_role("button", name="Run again")).to_be_visible()


def test_a_failed_command_is_changed_and_run_again(window: Window, server: Served) -> None:
    page = window.open(f"{server.url}/app/jobs/new").page
    page.get_by_role("textbox", name="Command").fill("sh -c 'echo out; exit 3'")
    page.get_by_role("textbox", name="Name", exact=True).fill("to change")
    page.get_by_role("button", name="Run a command").click()
    page.wait_for_url(re.compile(r"/app/jobs/\d+$"))
    expect(state_of(page)).to_have_text("Failed", timeout=30_000)
    expect(page.locator(".note.bad")).to_contain_text("exit code 3")
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("status").filter(has_text="Queued again, as run 2.")).to_be_visible()
    expect(page.locator("#generations summary")).to_have_text("1 earlier run", timeout=30_000)
    expect(state_of(page)).to_have_text("Failed", timeout=30_000)
    page.get_by_role("link", name="Run again with changes").click()
    expect(page.get_by_role("textbox", name="Command")).to_have_value("sh -c 'echo out; exit 3'")
    page.get_by_role("textbox", name="Command").fill("echo better")
    page.get_by_role("button", name="Run a command").click()
    expect(state_of(page)).to_have_text("Succeeded", timeout=30_000)
    expect(page.locator("#lines")).to_contain_text("better")


def test_many_jobs_are_chosen_and_run_again(window: Window, server: Served, made: dict[str, str]) -> None:
    page = window.open(f"{server.url}{PAGES['failed']}").page
    expect(page.get_by_role("button", name="Run again", exact=True)).to_be_disabled()
    page.get_by_label("Choose job").first.check()
    page.get_by_label("Choose job").nth(1).check()
    expect(page.locator("#picked")).to_have_text("2 chosen:")
    page.get_by_role("button", name="Run again", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="2 jobs queued again.")).to_be_visible()
    with server.http() as http:
        states = {"state": ["queued", "leased", "running"]}
        wait_until(lambda: len(http.get("/api/v1/jobs", params=states).json()["jobs"]) == 1, timeout=30)
    page.goto(f"{server.url}{PAGES['failed']}")
    number = page.get_by_label("Choose job").count()
    page.get_by_role("button", name=f"Run all {number} failed again").click()
    expect(page.get_by_role("status").filter(has_text=f"{number} jobs queued again.")).to_be_visible()


def test_the_list_moves_by_itself_and_keeps_what_is_chosen(
    window: Window, server: Served, made: dict[str, str]
) -> None:
    page = window.open(f"{server.url}/app/jobs").page
    page.evaluate("() => { window.here = true }")
    box = page.get_by_label(f"Choose job {made['waits'].rpartition('/')[2]}")
    box.check()
    with server.http() as http:
        http.post("/api/v1/jobs", json={"runner": "command", "cmd": ["true"], "name": "newcomer"})
    row = page.locator("tr").filter(has_text="newcomer")
    expect(row).to_contain_text("Succeeded", timeout=30_000)
    expect(box).to_be_checked()
    expect(page.get_by_text("It needs a worker with the labels gpu")).to_be_visible()
    assert page.evaluate("() => window.here") is True


def test_a_worker_is_drained_and_resumed_and_a_limit_is_set(window: Window, server: Served) -> None:
    page = window.open(f"{server.url}/app/queue").page
    page.get_by_role("button", name=re.compile("^Drain ")).click()
    expect(page.locator(".workers")).to_contain_text("Draining")
    page.get_by_role("button", name=re.compile("^Resume ")).click()
    expect(page.locator(".workers")).not_to_contain_text("Draining")
    page.get_by_text("Set a limit").click()
    page.get_by_label("Name").fill("container")
    page.get_by_label("At most").fill("4")
    page.get_by_role("button", name="Set limit").click()
    expect(page.get_by_text("At most 4 jobs of the kind container at once")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Lift ")).click()
    expect(page.get_by_text("The limit is lifted.")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_read_every_page_also_on_a_phone(
    browser: Browser, server: Served, made: dict[str, str], theme: str
) -> None:
    with opened_window(browser, theme=theme) as window:
        for name, path in {**PAGES, **made}.items():
            window.open(server.url + path)
            expect(window.page.locator("h1")).to_have_count(1)
            window.page.evaluate(UNFOLD)
            window.check_everyone_can_read()
            if theme == "light":
                window.check_no_sideways_scroll(360)
                window.check_no_sideways_scroll(320)
            assert window.page.title() != "broken"
            if name == "missing":
                assert window.errors.pop().startswith("Failed to load resource")
            assert window.errors == [], name


def test_no_page_is_large(server: Served, made: dict[str, str]) -> None:
    with server.http(headers={"Accept": "text/html"}) as http:
        sizes = {name: len(http.get(path).content) for name, path in {**PAGES, **made}.items()}
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}
