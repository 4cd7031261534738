"""Pages of jobs, scripts and the queue for who has no JavaScript, and what strangers may put on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.reader import Reader, reading
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

NEW = "/app/jobs/new"
EVIL = '"><script>alert(1)</script>'
SAY_EVIL = (
    r"printf '\033[31m<img src=x onerror=alert(2)>\033[0m\n\033]0;title\007\0\302\233'; printf x >&2; exit 3"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("job-pages") / "home", workers=2) as served:
        yield served


@pytest.fixture
def reader(server: Served) -> Iterator[Reader]:
    with reading(server) as one:
        yield one


def job_of(reader: Reader, **wish: Any) -> int:
    """Return a job that was handed in and has ended, unless no worker takes it."""
    answer = reader.http.post("/api/v1/jobs", json=wish)
    assert answer.status_code == 201, answer.text
    if not wish.get("labels"):
        wait_until(lambda: ended(reader, answer.json()["id"]), timeout=60)
    return int(answer.json()["id"])


def ended(reader: Reader, job: int) -> bool:
    state = reader.http.get(f"/api/v1/jobs/{job}").json()["state"]
    return state in ("succeeded", "failed", "cancelled", "lost")


def made_by(answer: Any) -> int:
    """Return the job on whose page a form led."""
    found = re.search(r"/app/jobs/(\d+)$", str(answer.url))
    assert found is not None, answer.text
    return int(found[1])


def test_everything_about_a_command_works_without_scripts(reader: Reader) -> None:
    answer = reader.send(NEW, NEW, {"runner": "command", "cmd": "sh -c 'echo one; exit 7'"})
    job = made_by(answer)
    wait_until(lambda: ended(reader, job), timeout=30)
    text = reader.page(f"/app/jobs/{job}")
    assert "It ended with exit code 7." in text and "one" in text
    again = reader.send(f"/app/jobs/{job}", f"/app/jobs/{job}/rerun")
    assert "Queued again, as run 2." in again.text
    wait_until(lambda: ended(reader, job), timeout=30)
    form = reader.get("/app/jobs/new", like=job).text
    assert 'value="sh -c &#39;echo one; exit 7&#39;"' in form
    gone = reader.send(f"/app/jobs/{job}/remove", f"/app/jobs/{job}/remove")
    assert f"Job {job} is removed." in gone.text
    assert reader.get(f"/app/jobs/{job}").status_code == 404


def test_a_form_names_every_fault_at_its_field_and_keeps_what_was_typed(reader: Reader) -> None:
    fields = {"runner": "command", "cmd": "echo 'open", "timeout": "soon", "env": "WRONG", "labels": "kept"}
    answer = reader.send(NEW, NEW, fields)
    assert answer.status_code == 422
    for name in ("cmd", "timeout", "env"):
        assert f'id="error-{name}"' in answer.text
    assert 'value="kept"' in answer.text and '<details id="advanced" open>' in answer.text
    late = reader.send(NEW, NEW, {"runner": "command", "cmd": "true", "array": "9-0x"})
    assert late.status_code == 422 and 'id="error-array"' in late.text
    unknown = reader.send(NEW, NEW, {"runner": "batch", "cmd": "true"})
    assert unknown.status_code == 422 and 'id="error-start"' in unknown.text


def test_a_script_takes_a_file_that_is_sent_along(reader: Reader) -> None:
    files = {"data-upload": ("small.csv", b"a,b\n1,2\n3,4\n")}
    page = "/app/scripts/summary"
    job = made_by(reader.send(page, page, {"data": "upload"}, files))
    wait_until(lambda: ended(reader, job), timeout=60)
    assert "2 rows" in reader.page(f"/app/jobs/{job}") and "mean" in reader.page(f"/app/jobs/{job}")
    assert "small.csv" in reader.page(page)
    taken = reader.send(page, page, {"data": "upload"}, files)
    assert taken.status_code == 422 and "small.csv" in taken.text
    refused = reader.send(page, page, {"data": "upload"}, {"data-upload": ("small.exe", b"MZ")})
    assert refused.status_code == 422 and 'id="error-data"' in refused.text
    again = made_by(reader.send(page, page, {"data": "datafile", "data-datafile": "small.csv"}))
    assert again > job
    assert f"/app/jobs/{again}" in reader.get(page).text


def test_a_script_that_is_not_there_is_a_page_that_says_so(reader: Reader) -> None:
    answer = reader.get("/app/scripts/summery")
    assert answer.status_code == 404 and "There is summary." in answer.text


def test_many_jobs_are_cancelled_and_removed_by_their_filter(reader: Reader) -> None:
    ids = [job_of(reader, runner="command", cmd=["true"], labels=["nowhere"], name="many") for _ in range(3)]
    text = reader.page("/app/jobs", q="many", state="queued")
    assert "Cancel all 3 queued" in text
    view = {"view": "q=many&state=queued", "act": "cancel-all"}
    assert "3 jobs cancelled." in reader.send("/app/jobs", "/app/jobs/acts", view).text
    chosen = {"view": "q=many", "job": ",".join(map(str, ids)), "act": "remove"}
    assert "3 jobs removed." in reader.send("/app/jobs", "/app/jobs/acts", chosen).text
    assert "Choose jobs first." in reader.send("/app/jobs", "/app/jobs/acts", {"act": "remove"}).text
    assert reader.send("/app/jobs", "/app/jobs/acts", {"act": "explode", "job": "1"}).status_code == 422


def test_a_schedule_is_made_by_a_form_paused_run_and_deleted(reader: Reader) -> None:
    wish = {
        "runner": "command",
        "cmd": "true",
        "name": "nightly",
        "cron": "30 6 * * *",
        "timezone": "Europe/Vienna",
    }
    made = reader.send(NEW, NEW, wish)
    assert "nightly is handed in again and again" in made.text
    where = re.search(r'action="(/app/queue/schedules/[^/"]+)/pause"', reader.get("/app/queue").text)
    assert where is not None
    assert "It is paused." in reader.send("/app/queue", f"{where[1]}/pause").text
    assert "Paused" in reader.page("/app/queue")
    assert "It goes on." in reader.send("/app/queue", f"{where[1]}/resume").text
    assert made_by(reader.send("/app/queue", f"{where[1]}/run")) > 0
    assert "is deleted." in reader.send(f"{where[1]}/delete", f"{where[1]}/delete").text
    wrong = reader.send(NEW, NEW, wish | {"cron": "99 * * * *"})
    assert wrong.status_code == 422 and 'id="error-cron"' in wrong.text
    lost = reader.send(NEW, NEW, wish | {"timezone": "Europe/Atlantis"})
    assert lost.status_code == 422 and 'id="error-timezone"' in lost.text


def test_names_labels_logs_and_results_with_markup_are_words_on_every_page(reader: Reader) -> None:
    failed = job_of(reader, runner="command", cmd=["sh", "-c", SAY_EVIL], name=EVIL, env={EVIL: EVIL})
    waits = job_of(reader, runner="command", cmd=["true"], name=EVIL, labels=['x"><b>bold</b>'])
    data = {"type": "raw_data", "data": {EVIL: [1, 2]}}
    result = job_of(reader, runner="function", script="summary", data=data, name=EVIL)
    jobs = [f"/app/jobs/{job}" for job in (failed, waits, result)]
    parts = [f"{job}/part/{name}" for job in jobs for name in ("now", "made", "log")]
    lists = ["/app/jobs", "/app/jobs?state=failed", "/app/queue", "/app/scripts/summary", "/app"]
    forms = [f"/app/jobs/new?like={failed}", f"/app/scripts/summary?like={result}", f"{jobs[0]}/remove"]
    for place in [*jobs, *parts, *lists, *forms]:
        answer = reader.get(place)
        assert answer.status_code == 200, place
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text, place
        assert "<b>bold</b>" not in answer.text and "\x1b" not in answer.text, place
    log = reader.get(f"/app/jobs/{failed}").text
    assert '<b class="ansi-red">&lt;img src=x onerror=alert(2)&gt;</b>' in log


def test_a_draft_is_listed_for_who_asks_and_started(reader: Reader) -> None:
    wish = {"runner": "command", "cmd": ["true"], "draft": True, "name": "not yet"}
    job = reader.http.post("/api/v1/jobs", json=wish).json()["id"]
    assert "not yet" not in reader.page("/app/jobs")
    assert "not yet" in reader.page("/app/jobs", state="draft")
    page = f"/app/jobs/{job}"
    assert "Draft" in reader.page(page) and "nothing happens before it is released" in reader.page(page)
    reader.send(page, f"{page}/release")
    wait_until(lambda: ended(reader, job), timeout=30)
    assert "Succeeded" in reader.page(page)


def test_secrets_of_an_environment_are_not_shown(reader: Reader) -> None:
    job = job_of(reader, runner="command", cmd=["true"], env={"API_TOKEN": "hush-hush", "SEEN": "plainly"})
    text = reader.get(f"/app/jobs/{job}").text
    assert "hush-hush" not in text and "plainly" in text


def test_what_is_not_there_or_cannot_be_asked_is_refused_in_words(reader: Reader) -> None:
    for place in ("/app/jobs/999999", "/app/jobs/999999/remove", "/app/queue/schedules/none/delete"):
        assert reader.get(place).status_code == 404, place
    for place in ("/app/jobs?state=nonsense", "/app/jobs?page=0", "/app/jobs?q=%00", "/app/jobs/x"):
        answer = reader.get(place)
        assert answer.status_code in (404, 422), place
        assert "<h1>" in answer.text
    assert reader.http.post("/app/jobs/acts", data={"act": "remove", "job": "1"}).status_code == 403


def test_a_long_list_is_shown_page_by_page(reader: Reader) -> None:
    for _ in range(12):
        job_of(reader, runner="command", cmd=["true"], labels=["nowhere"], array="0-4", name="block")
    text = reader.page("/app/jobs", q="block", state="queued")
    assert "Cancel all 72 queued" in text and "1\N{EN DASH}50 of 72" in text and "Next" in text
    assert "51\N{EN DASH}72 of 72" in reader.page("/app/jobs", q="block", state="queued", page=2)
    assert "0 of 5 done" in reader.page("/app/jobs")
    assert len(reader.get("/app/jobs.csv", q="block", state="queued").text.splitlines()) == 73
