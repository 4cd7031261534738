"""K-Means Service's documented requests, sent by curl as its users' scripts do."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from shoal.server.kmeans_service.examples import EXAMPLES, example
from tests.support.asking import add, ended
from tests.support.curl import Answer, curl
from tests.support.png import colours, pixels
from tests.support.reader import seen
from tests.support.server import Served, running_server

PAGE = ("-H", "Accept: text/html")
MODES = ("full-tied", "full-untied", "diag-tied", "diag-untied", "spher-tied", "spher-untied")
ASKED = {"n_experiments": "2", "max_k": "4", "n_init": "3", "scale": "on"}
PLOTS = ("aic_bic", "count", "cluster", "task", "correlation")


def places() -> str:
    """Return 150 rows in three groups with a text column, a place, and a blank in the header."""
    random_ = random.Random(5)
    lines = ["name,longitude,latitude, weight,size"]
    for row in range(150):
        x, y = ((0, 0), (12, 2), (4, 11))[0 if row < 70 else 1 if row < 120 else 2]
        spot = f"{8 + random_.random():.3f},{47 + random_.random():.3f}"
        lines.append(f"n{row},{spot},{x + random_.gauss(0, 1):.3f},{y + random_.gauss(0, 1):.3f}")
    return "\n".join([*lines, ""])


PLACES = places()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("old") / "home") as served:
        yield served


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "places.csv"
    path.write_text(PLACES)
    return path


@pytest.fixture(scope="module")
def job(server: Served, rows: Path) -> str:
    """Submit one job as a script does, and wait until it has ended."""
    id_ = job_of(submit(server, rows))
    with server.http() as http:
        assert ended(http, id_)["state"] == "succeeded"
    return id_


def submit(server: Served, rows: Path | None, fields: dict[str, str] = ASKED, *more: str) -> Answer:
    form = [part for name, value in fields.items() for part in ("-F", f"{name}={value}")]
    file = ("-F", f"file=@{rows}") if rows else ()
    return curl(*file, *form, *more, f"{server.url}/submit")


def job_of(answer: Answer) -> str:
    assert answer.status == 302, answer.text
    return re.fullmatch(r"/status/([0-9a-z]+)", answer.headers["location"])[1]  # type: ignore[index]


def said(answer: Answer) -> str:
    """Return what the next page says at its top; before what was not done stands a mark."""
    cookie = unquote(answer.headers.get("set-cookie", ""))
    return cookie.partition("shoal_said=")[2].partition("; HttpOnly")[0].removeprefix("!")


def page(server: Served, path: str) -> str:
    answer = curl(*PAGE, server.url + path)
    assert answer.status == 200, answer.text
    return answer.text


def plan(server: Served, id_: str) -> dict[str, Any]:
    with server.http() as http:
        found: dict[str, Any] = http.get(f"/api/v1/studies/{id_}").json()["plan"]
        return found


def fits(server: Served, id_: str) -> list[dict[str, Any]]:
    with server.http() as http:
        found: list[dict[str, Any]] = http.get(f"/api/v1/studies/{id_}/fits").json()["fits"]
        return found


def test_a_file_becomes_a_job_and_the_answer_leads_to_its_status(server: Served, job: str) -> None:
    found = plan(server, job)
    assert found["columns"] == ["weight", "size"]
    assert (found["n_experiments"], found["max_k"], found["n_init"], found["scale"]) == (2, 4, 3, True)
    assert tuple(found["covariances"]) == MODES


def test_a_message_tells_the_job_and_its_tasks_once(server: Served, rows: Path, tmp_path: Path) -> None:
    jar = str(tmp_path / "cookies")
    answer = submit(server, rows, ASKED | {"max_k": "2", "seed": "3"}, "--location", "-b", jar, "-c", jar)
    assert answer.status == 200
    told = re.search(r"The job (\w+) is submitted\. It has 24 tasks\. Not used: seed\.", seen(answer.text))
    assert told is not None, seen(answer.text)[:400]
    again = curl("-b", jar, "-c", jar, f"{server.url}/status/{told[1]}")
    assert "is submitted" not in again.text


def test_what_a_form_chooses_is_what_is_tried(server: Served, rows: Path) -> None:
    chosen = {"n_experiments": "1", "max_k": "2", "n_init": "1", "all_columns": "name,longitude"}
    both = (
        "-F",
        "columns= weight",
        "-F",
        "columns=latitude",
        "-F",
        "covars=diag-tied",
        "-F",
        "covars=full-tied",
    )
    found = plan(server, job_of(submit(server, rows, chosen, *both)))
    assert found["columns"] == ["latitude", "weight"]
    assert sorted(found["covariances"]) == ["diag-tied", "full-tied"]
    assert found["scale"] is False  # A check box that is not sent is not ticked.


def test_a_form_with_nothing_but_a_file_has_the_documented_defaults(server: Served, rows: Path) -> None:
    id_ = job_of(submit(server, rows, {}))
    found = plan(server, id_)
    assert (found["n_experiments"], found["max_k"], found["n_init"]) == (10, 10, 10)
    assert tuple(found["covariances"]) == MODES
    with server.http() as http:
        assert http.post(f"/api/v1/studies/{id_}/cancel").status_code == 200


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"max_k": "0"}, "max_k"),
        ({"max_k": "1000000"}, "max_k"),
        ({"n_init": "ten"}, "n_init"),
        ({"n_experiments": "9" * 400}, "n_experiments"),
        ({"covars": "global"}, "global"),
        ({"columns": "name"}, "name"),
        ({"columns": "nowhere"}, "nowhere"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(
    server: Served, rows: Path, fields: dict[str, str], words: str
) -> None:
    answer = submit(server, rows, ASKED | fields)
    assert answer.status == 422
    assert words in answer.text
    shown = submit(server, rows, ASKED | fields, *PAGE)
    assert (shown.status, shown.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert words in seen(shown.text)


def test_every_number_that_is_wrong_is_told_at_once(server: Served) -> None:
    answer = submit(server, None, {"max_k": "-1", "n_init": "x"})
    assert answer.status == 422
    assert "max_k" in answer.text and "n_init" in answer.text


def test_a_form_without_a_file_is_told_so(server: Served, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.csv", tmp_path / "prose.csv"
    empty.write_text("")
    text.write_text("only words\nnothing else\n")
    assert "no file" in submit(server, None).text
    for file in (empty, text):
        assert submit(server, file).status == 422
    assert curl("-X", "POST", f"{server.url}/submit").status == 422
    assert curl("-H", "Content-Type: multipart/form-data", "-d", "x", f"{server.url}/submit").status == 422


def test_the_form_is_on_the_first_page(server: Served) -> None:
    for path in ("/submit", "/submit/"):
        answer = curl(f"{server.url}{path}")
        assert (answer.status, answer.headers["location"]) == (302, "/")
    shown = page(server, "/")
    for name in ("file", "columns", "all_columns", "n_experiments", "max_k", "n_init", "covars", "scale"):
        assert f'name="{name}"' in shown
    assert 'action="/status/"' in shown and 'action="/report/"' in shown
    for one in EXAMPLES.values():
        assert one.title in shown and one.told in shown


def test_a_status_is_found_by_path_query_and_form(server: Served, job: str) -> None:
    ways = (
        (f"/status/{job}",),
        (f"/status/{job}/",),
        (f"/status?job_id={job}",),
        (f"/status/?job_id={job}",),
        ("/status", "-d", f"job_id={job}"),
        ("/status/", "-F", f"job_id={job}"),
    )
    for path, *more in ways:
        answer = curl(*more, server.url + path)
        assert answer.status == 200
        assert "Detailed report" in answer.text, path


def test_the_status_tells_the_job_and_counts_its_tasks(server: Served, job: str) -> None:
    words = seen(page(server, f"/status/{job}"))
    for fact in (job, "places.csv", "weight, size", "Repeats 2", "Largest k 4", "Tasks 48", "Scaled yes"):
        assert fact in words
    assert re.search(r"Submitted \d{4}-\d\d-\d\d \d\d:\d\d UTC", words)
    counts = "Total 48 Submitted 48 (100%) Pending 0 (0.0%) Error 0 (0.0%) Done 48 (100.0%)"
    assert counts in words


def cells(server: Served, path: str) -> list[list[str]]:
    """Return the rows of the table of tasks: id, k, covariance, BIC, AIC, status."""
    body = page(server, path).partition("<tbody>")[2].partition("</tbody>")[0]
    found = []
    for row in body.split("</tr>")[:-1]:
        texts = [seen(cell) for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, flags=re.DOTALL)]
        found.append([text for text in texts if not text.startswith("Choose task")])
    return found


def test_tasks_stand_in_a_table_with_their_scores(server: Served, job: str) -> None:
    known = {fit["fit"]: fit for fit in fits(server, job)}
    shown = cells(server, f"/status/{job}") + cells(server, f"/status/{job}?page=2")
    assert [int(row[0]) for row in shown] == list(range(48))
    for row in shown:
        fit = known[int(row[0])]
        shape, tied = fit["covariance"].split("-")
        assert row[1:3] == [str(fit["k"]), f"{shape.capitalize()}, {tied}"]
        scores = [f"{fit[name]:,.2f}".replace("-", "\N{MINUS SIGN}") for name in ("bic", "aic")]
        assert row[3:6] == [*scores, "Done"]


def test_tasks_are_sorted_and_searched(server: Served, job: str) -> None:
    best = max(fits(server, job), key=lambda fit: fit["bic"])
    assert cells(server, f"/status/{job}?sort=bic&order=desc")[0][3].endswith(f"{abs(best['bic']):,.2f}")
    found = cells(server, f"/status/{job}?q=k%3D3+diag+untied")
    assert [row[1:3] for row in found] == [["3", "Diag, untied"]] * 2
    assert "No task is like this" in page(server, f"/status/{job}?q=error")
    assert curl(f"{server.url}/status/{job}?sort=colour").status == 422
    assert curl(f"{server.url}/status/{job}?page=none").status == 422
    assert cells(server, f"/status/{job}?page=99") == []


@pytest.mark.parametrize(
    "path", ["/status/nowhere", "/status", "/report/nowhere", "/report/?job_id=", "/report"]
)
def test_an_unknown_job_leads_home_with_a_message(server: Served, path: str) -> None:
    answer = curl(server.url + path)
    assert (answer.status, answer.headers["location"]) == (302, "/")
    assert "There is no job nowhere." in said(answer) or "job_id is missing" in said(answer)


def test_the_beginning_of_an_id_is_no_job(server: Served, job: str) -> None:
    assert said(curl(f"{server.url}/status/{job[:6]}")).startswith("There is no job")


def test_a_report_is_found_by_path_query_and_form(server: Served, job: str) -> None:
    for path, *more in (
        (f"/report/{job}",),
        (f"/report/{job}/",),
        (f"/report?job_id={job}",),
        (f"/report/?job_id={job}&min_members=5&x_axis=size&y_axis=weight",),
        ("/report", "-d", f"job_id={job}&min_members=5"),
        (f"/report/{job}", "-d", "x_axis=size&y_axis=weight"),
    ):
        answer = curl(*more, server.url + path)
        assert answer.status == 200, answer.text
        assert "Recommended number of clusters" in answer.text


def recommended(server: Served, job: str, least: int) -> list[str]:
    """Return the six cells of a report's table."""
    table = page(server, f"/report/{job}?min_members={least}").partition('<table class="modes">')[2]
    rows = table.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")[:2]
    return [seen(cell) for row in rows for cell in re.findall(r"<td\b.*?</td>", row, flags=re.DOTALL)]


@pytest.mark.parametrize("least", [1, 7, 29, 31, 60])
def test_the_table_has_the_best_fit_of_each_mode_with_enough_members(
    server: Served, job: str, least: int
) -> None:
    known = fits(server, job)
    passing = [fit for fit in known if min(fit["sizes"]) >= least and not fit["degenerate"]]
    passing = [fit for fit in passing if len(fit["sizes"]) == fit["k"]]
    top = max(fit["bic"] for fit in passing)
    modes = ("full-tied", "diag-tied", "spher-tied", "full-untied", "diag-untied", "spher-untied")
    for mode, cell in zip(modes, recommended(server, job, least), strict=True):
        mine = max((fit for fit in passing if fit["covariance"] == mode), key=lambda fit: fit["bic"])
        star = "*" if mine["bic"] == top else ""
        assert cell.startswith(f"{mine['k']}{star} \N{MINUS SIGN}{-mine['bic']:,.2f}"), (mode, least)


def test_no_cluster_large_enough_is_not_available(server: Served, job: str) -> None:
    assert all(cell.startswith("not available: 150 of 151 rows") for cell in recommended(server, job, 151))
    words = seen(page(server, f"/report/{job}?min_members=151"))
    assert "No task has all clusters at 151 rows or more. Allow smaller clusters: 150 or less." in words
    best = curl(*PAGE, f"{server.url}/report/task?job_id={job}&plot_best=True&min_members=151")
    assert (best.status, best.headers["location"]) == (302, f"/report/{job}?min_members=151")


def test_the_report_says_its_smallest_cluster_and_the_form_changes_it(server: Served, job: str) -> None:
    assert "at least 7 rows" in seen(page(server, f"/report/{job}"))  # 5% of 150, as there are few
    changed = page(server, f"/report/{job}?min_members=12&x_axis=size&y_axis=longitude")
    assert "at least 12 rows" in seen(changed)
    form = changed.partition('id="min_members"')[0].rpartition("<form")[2]
    assert 'value="size"' in form and 'value="longitude"' in form
    assert 'id="min_members" name="min_members" value="12"' in changed


def test_a_report_of_many_rows_wants_30_members(server: Served, tmp_path: Path) -> None:
    path = tmp_path / "normal.csv"
    path.write_bytes(example("normal"))
    id_ = job_of(submit(server, path, {"n_experiments": "1", "max_k": "2", "n_init": "1"}))
    with server.http() as http:
        ended(http, id_)
    assert "at least 30 rows" in seen(page(server, f"/report/{id_}"))


def test_places_are_drawn_when_there_are_both(server: Served, job: str) -> None:
    shown = page(server, f"/report/{job}")
    assert "x_axis=longitude&amp;y_axis=latitude" in shown
    assert "x_axis=weight&amp;y_axis=size" in shown  # and clusters over the first two that are no places


def test_a_job_that_has_not_ended_leads_to_its_status(server: Served, rows: Path) -> None:
    long = {"n_experiments": "100", "max_k": "10", "n_init": "100"}
    id_ = job_of(submit(server, rows, long))
    for path in (f"/report/{id_}", f"/report/task?job_id={id_}&plot_best=True"):
        answer = curl(server.url + path)
        assert (answer.status, answer.headers["location"]) == (302, f"/status/{id_}")
        assert "has no report yet" in said(answer)
    assert curl(f"{server.url}/plot/count?job_id={id_}").status == 409
    assert curl(f"{server.url}/csv/labels?job_id={id_}&task_id=5999").status == 409
    assert curl("-d", f"job_id={id_}&task_ids=1", f"{server.url}/rerun/").status == 409
    assert "pending" in curl(f"{server.url}/status/{id_}?page=240").text.lower()
    part = curl(f"{server.url}/status/{id_}/part")
    assert (part.status, "Total 6,000" in seen(part.text)) == (200, True)
    with server.http() as http:
        assert http.post(f"/api/v1/studies/{id_}/cancel").status_code == 200
    assert curl(f"{server.url}/status/{id_}/part").status == 205


def test_one_task_has_a_page(server: Served, job: str) -> None:
    fit = fits(server, job)[20]
    for path in ("/report/task", "/report/task/"):
        words = seen(
            page(server, f"{path}?job_id={job}&task_id=20&x_axis=size&y_axis=weight&show_ticks=True")
        )
        assert f"Task 20: {fit['k']} clusters" in words
        assert f"{-fit['bic']:,.2f}" in words
    answer = curl(f"{server.url}/report/task?job_id={job}")
    assert (answer.status, "task_id" in answer.text) == (422, True)
    assert curl(f"{server.url}/report/task?job_id={job}&task_id=48").status == 404


def test_the_best_task_has_a_page(server: Served, job: str) -> None:
    best = max((fit for fit in fits(server, job) if min(fit["sizes"]) >= 7), key=lambda fit: fit["bic"])
    words = seen(page(server, f"/report/task?job_id={job}&plot_best=True"))
    assert f"Task {best['fit']}, the best" in words


@pytest.mark.parametrize(
    "query",
    [
        "aic_bic/?",
        "aic_bic?min_members=5&",
        "count/?min_members=5&",
        "count?",
        "cluster?min_members=5&",
        "cluster/?x_axis=size&y_axis=longitude&min_members=5&show_ticks=False&",
        "cluster?min_members=5&plot_best=True&",
        "task?task_id=20&",
        "task/?task_id=20&x_axis=size&y_axis=weight&show_ticks=True&",
        "correlation/?",
        "correlation?",
    ],
)
def test_plots_are_pictures(server: Served, job: str, query: str) -> None:
    answer = curl(f"{server.url}/plot/{query}job_id={job}")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png"), answer.text
    height, width, _ = pixels(answer.body).shape
    assert width > 300 and height > 150
    assert colours(answer.body) > 20


def test_a_plot_follows_what_it_is_asked_for(server: Served, job: str) -> None:
    base = f"{server.url}/plot/cluster?job_id={job}&min_members=5"
    pictures = [
        curl(base + more).body
        for more in ("", "&x_axis=size", "&plot_best=True", "&show_ticks=False", "&theme=dark")
    ]
    assert len(set(pictures)) == len(pictures)
    assert curl(base).body == pictures[0]
    assert pixels(pictures[4])[2, 2, :3].max() < 60 < 200 < pixels(pictures[0])[2, 2, :3].min()


def test_labels_of_every_task_count_from_0(server: Served, job: str) -> None:
    known = fits(server, job)
    for fit in (known[0], known[20], max(known, key=lambda fit: fit["bic"])):
        answer = curl(f"{server.url}/csv/labels?job_id={job}&task_id={fit['fit']}")
        shape, tied = fit["covariance"].split("-")
        name = f"{job}_{shape}_{tied}_{fit['k']}.csv"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        lines = answer.text.splitlines()
        assert lines[0] == "name,longitude,latitude, weight,size,Label"
        assert [line.rpartition(",")[0] for line in lines] == PLACES.splitlines()
        labels = [int(row["Label"]) for row in csv.DictReader(io.StringIO(answer.text))]
        assert [labels.count(one) for one in range(fit["k"])] == fit["sizes"]


def test_labels_are_those_of_the_study_less_one(server: Served, job: str) -> None:
    with server.http() as http:
        study = http.get(f"/api/v1/studies/{job}").json()
        ours = http.get(f"/api/v1/studies/{job}/labels.csv").text.splitlines()[1:]
    best = study["summary"]["best"]["fit"]
    theirs = curl(f"{server.url}/csv/labels/?job_id={job}&task_id={best}").text.splitlines()[1:]
    assert [int(line.rpartition(",")[2]) - 1 for line in ours] == [
        int(line.rpartition(",")[2]) for line in theirs
    ]


def test_chosen_tasks_wait_again_and_run(server: Served, rows: Path) -> None:
    id_ = job_of(submit(server, rows, ASKED | {"max_k": "2"}))
    with server.http() as http:
        ended(http, id_)
    before = fits(server, id_)
    answer = curl("-d", f"job_id={id_}&task_ids=3,4, 7", f"{server.url}/rerun/")
    assert (answer.status, answer.headers["location"]) == (302, f"/status/{id_}")
    assert said(answer) == "3 tasks wait to run again."
    with server.http() as http:
        assert ended(http, id_)["generation"] == 2
    after = fits(server, id_)
    assert [fit | {"seconds": 0} for fit in after] == [fit | {"seconds": 0} for fit in before]
    assert [fit["fit"] for fit, old in zip(after, before, strict=True) if fit != old] == [3, 4, 7]
    words = seen(page(server, f"/status/{id_}"))
    assert "Done 24 (100.0%)" in words
    again = curl("-d", f"job_id={id_}&listed=True&q=full", f"{server.url}/rerun")
    assert said(again) == "8 tasks wait to run again."


@pytest.mark.parametrize(
    ("form", "status"),
    [("", 422), ("&task_ids=", 422), ("&task_ids=99", 422), ("&task_ids=-1", 422), ("&task_ids=x,1", 422)],
)
def test_tasks_that_are_not_there_are_not_run(server: Served, job: str, form: str, status: int) -> None:
    assert curl("-d", f"job_id={job}{form}", f"{server.url}/rerun/").status == status
    assert curl("-d", "job_id=nowhere&task_ids=1", f"{server.url}/rerun/").headers["location"] == "/"
    assert curl(f"{server.url}/rerun/").status == 405


def test_a_reader_who_chose_no_task_is_told_on_the_page(server: Served, job: str) -> None:
    answer = curl(*PAGE, "-d", f"job_id={job}", f"{server.url}/rerun/")
    assert (answer.status, answer.headers["location"]) == (302, f"/status/{job}")
    assert said(answer).startswith("No task is chosen.")


def test_tasks_that_fail_say_why_and_can_run_again(server: Served) -> None:
    few = "a,b\n" + "1,2\n" * 20 + "3,1\n" * 20 + "2,7\n" * 20
    with server.http() as http:
        wish = {"dataset": add(http, few, "few.csv"), "max_k": 4, "n_experiments": 1, "n_init": 1}
        id_ = http.post("/api/v1/studies", json=wish | {"missing": "impute"}).json()["id"]
        ended(http, id_)
    shown = page(server, f"/status/{id_}")
    assert "Error 6 (25.0%) Done 18 (75.0%)" in seen(shown)
    assert "distinct rows" in seen(shown) and "failed-cell" in shown
    assert len(cells(server, f"/status/{id_}?q=error")) == 6
    assert "This task failed" in page(server, f"/report/task?job_id={id_}&task_id=23")
    assert "6 tasks failed; the report uses the others." in seen(page(server, f"/report/{id_}"))
    assert curl(f"{server.url}/csv/labels?job_id={id_}&task_id=23").status == 409
    assert curl(f"{server.url}/plot/task?job_id={id_}&task_id=23").status == 404
    answer = curl("-d", f"job_id={id_}&listed=on&q=error", f"{server.url}/rerun/")
    assert said(answer) == "6 tasks wait to run again."


def test_a_file_with_one_column_has_a_report(server: Served, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("x\n" + "".join(f"{row % 2 * 20 + row / 100}\n" for row in range(80)))
    id_ = job_of(submit(server, path, ASKED | {"max_k": "3"}))
    with server.http() as http:
        ended(http, id_)
    assert "one column of numbers" in page(server, f"/report/{id_}")
    for plot in ("cluster?", "aic_bic?", "task?task_id=1&"):
        answer = curl(f"{server.url}/plot/{plot}job_id={id_}")
        assert answer.headers["content-type"] == "image/png", answer.text
    assert curl(f"{server.url}/plot/correlation?job_id={id_}").status == 404


def test_an_example_is_opened_once_and_then_there(server: Served) -> None:
    with server.http(headers={"Accept": "text/html"}) as browser:
        token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/app/examples").text)
        assert token is not None
        first = browser.post("/app/examples/skewed-2", data={"csrf": token[1]})
        assert first.status_code == 303
        id_ = first.headers["location"].removeprefix("/status/")
        study = ended(browser, id_)
        second = browser.post("/app/examples/skewed-2", data={"csrf": token[1]})
        assert second.headers["location"] == f"/report/{id_}"
        assert browser.post("/app/examples/none", data={"csrf": token[1]}).status_code == 404
    assert study["summary"]["best"]["k"] == 3


def test_examples_are_the_same_bytes_every_time() -> None:
    files = [example(slug) for slug in EXAMPLES]
    assert files == [example(slug) for slug in EXAMPLES]
    assert len(set(files)) == 8
    assert {len(file.splitlines()) for file in files} == {1501}


def test_a_page_of_somebody_else_may_not_send_the_forms(server: Served, rows: Path, job: str) -> None:
    foreign = ("-H", "Origin: http://evil.example")
    assert submit(server, rows, ASKED, *foreign).status == 403
    assert curl(*foreign, "-d", f"job_id={job}&task_ids=1", f"{server.url}/rerun/").status == 403


HUGE = "x" * 3000
WRONG = ("", "nowhere", "-1", "0", "9" * 23, HUGE, "%00", "%ff%fe", "%F0%9F%90%9F", "<b>", "../x")
NAMES = ("task_id", "task_ids", "x_axis", "y_axis", "min_members", "show_ticks", "plot_best", "theme")
OTHERS = ("page", "sort", "q", "listed")
ROUTES = ("/submit", "/status", "/report", "/report/task", "/csv/labels", "/rerun")


@pytest.mark.parametrize("route", [*ROUTES, *(f"/plot/{name}" for name in PLOTS)])
def test_no_route_answers_500_for_an_argument(server: Served, job: str, route: str) -> None:
    """Missing, wrong, huge and repeated: a message, and never an error of ours."""
    queries = ["", f"job_id={job}", f"job_id={job}&job_id=x", f"job_id=x&job_id={job}"]
    queries += [f"job_id={wrong}" for wrong in WRONG]
    for name in (*NAMES, *OTHERS):
        queries += [f"job_id={job}&{name}={wrong}" for wrong in WRONG]
        queries.append(f"job_id={job}&task_id=x" + f"&{name}=7" * 50)
    with server.http(headers={"Accept": "text/html"}) as http:
        for place, query in enumerate(queries):
            slash = "/" if place % 3 == 0 else ""
            answer = http.get(f"{route}{slash}?{query}")
            assert answer.status_code < 500, (route, query, answer.text)
            if route != "/rerun" or "listed" not in query:
                sent = http.post(
                    f"{route}{slash}",
                    content=query,
                    headers={"Content-Type": "application/x-www-form-urlencoded"},
                )
                assert sent.status_code < 500, (route, query, sent.text)


@pytest.mark.parametrize("route", ["/status", "/report"])
def test_no_id_in_a_path_answers_500(server: Served, route: str) -> None:
    with server.http() as http:
        for wrong in (*WRONG[1:], "a/b", "task", "%2e%2e"):
            for slash in ("", "/"):
                assert http.get(f"{route}/{wrong}{slash}").status_code in (302, 404, 422), wrong
