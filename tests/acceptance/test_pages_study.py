"""The pages of a study as a reader without scripts uses them, over a real server with real workers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest

from tests.support.asking import add, ended
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

PAGE = {"Accept": "text/html"}
SHAPES = ("full-tied", "full-untied", "diag-tied", "diag-untied", "spher-tied", "spher-untied")
SMALL = {"max_k": "3", "n_experiments": "2", "n_init": "2", "covariances": ["diag-tied", "full-untied"]}
SMALL_FITS = 12
POISON = "1 3 full-untied"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("study-pages")
    env = {"POISONED": str(folder / "poison")}
    with running_server(
        folder / "home", program="tests.support.serve_poisoned", env=env, workers=2
    ) as server:
        yield server


@pytest.fixture
def browser(served: Served) -> Iterator[httpx.Client]:
    with served.http(headers=PAGE) as http:
        yield http


@pytest.fixture(scope="module")
def dataset(served: Served) -> str:
    with served.http() as http:
        return add(http, name="rows.csv")


@pytest.fixture(scope="module")
def finished(served: Served, dataset: str) -> str:
    """Return a study that has ended well."""
    with served.http(headers=PAGE) as http:
        study = started(http, dataset)
        assert ended(http, study)["state"] == "succeeded"
    return study


@pytest.fixture
def poisoned(served: Served) -> Iterator[None]:
    file = served.home.parent / "poison"
    file.write_text(POISON)
    yield
    file.unlink(missing_ok=True)


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def fields(page: str) -> dict[str, Any]:
    """Return what a browser would send of the form of a new study, as it is filled in."""
    form = page[page.index('id="new-study"') :]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]+>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        kind = attributes.get("type", "text")
        if kind in ("checkbox", "radio") and " checked" not in tag:
            continue
        sent.setdefault(unescape(attributes["name"]), []).append(unescape(attributes["value"]))
    return sent


def new_form(http: httpx.Client, dataset: str) -> dict[str, Any]:
    return fields(http.get("/app/studies/new", params={"dataset": dataset}).text)


def started(http: httpx.Client, dataset: str, **changes: Any) -> str:
    answer = http.post("/app/studies/new", data=new_form(http, dataset) | SMALL | changes)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


def press(http: httpx.Client, page: str, path: str, **sent: Any) -> httpx.Response:
    return http.post(path, data={"csrf": token(http.get(page).text)} | sent)


def counts(page: str) -> dict[str, int]:
    return {
        name: int(number.replace(",", ""))
        for name, number in re.findall(r"</span>(\w+) <strong>([\d,]+)", page)
    }


def test_a_new_study_says_what_the_file_is_and_what_it_will_cost(browser: httpx.Client, dataset: str) -> None:
    page = browser.get("/app/studies/new", params={"dataset": dataset}).text
    assert "rows.csv" in page and "60 rows" in page and "2 columns" in page
    assert re.search(r"Estimate:</strong> 600 fits on 2 workers, about \d", page)
    sent = fields(page)
    assert sent["column"] == ["0", "1"]
    assert (sent["max_k"], sent["n_experiments"], sent["min_members"]) == (["10"], ["10"], ["auto"])
    assert sent["covariances"] == list(SHAPES)
    assert '<details id="advanced">' in page
    which = browser.get("/app/studies/new").text
    assert f"/app/studies/new?dataset={dataset}" in which and 'name="file"' in which


def test_everything_wrong_is_said_at_once_and_what_was_typed_stays(
    browser: httpx.Client, dataset: str
) -> None:
    wrong = {
        "column": [],
        "max_k": "many",
        "n_init": "0",
        "budget": "soon",
        "covariances": [],
        "name": "mine",
    }
    answer = browser.post("/app/studies/new", data=new_form(browser, dataset) | wrong)
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert "5 things cannot be used yet." in page
    for words in (
        "Choose at least one column.",
        "The largest number of clusters is 'many'; it can be 1 to 100.",
        "The number of starts per fit is 0; it can be 1 to 100.",
        "Choose at least one shape, each once.",
        "The budget is 'soon'.",
    ):
        assert page.count(words) >= 2, words
    for link in re.findall(r'<a href="#(field-\w+)">', page):
        assert f'id="{link}"' in page
    assert fields(answer.text)["name"] == ["mine"]
    assert '<details id="advanced" open>' in page
    assert browser.get("/api/v1/studies", params={"q": "mine"}).json()["studies"] == []


def test_buttons_work_without_scripts(browser: httpx.Client, dataset: str) -> None:
    form = new_form(browser, dataset)
    none = browser.post("/app/studies/new", data=form | {"act": "none"})
    assert "column" not in fields(none.text)
    every = browser.post("/app/studies/new", data=form | {"act": "all", "column": []})
    assert fields(every.text)["column"] == ["0", "1"]
    quick = browser.post("/app/studies/new", data=form | {"act": "preset-quick"})
    assert fields(quick.text)["n_experiments"] == ["3"]
    again = browser.post("/app/studies/new", data=form | {"act": "estimate", "n_experiments": "1"})
    assert "60 fits on 2 workers" in again.text
    part = browser.post("/app/studies/new/estimate", data=form | {"n_experiments": "2"})
    assert "120 fits on 2 workers" in part.text and "<html" not in part.text


def test_columns_that_cannot_be_used_say_why_and_gaps_are_counted(
    browser: httpx.Client, served: Served
) -> None:
    rows = "id,x,kind,site,longitude\n" + "".join(
        f"{place},{'' if place < 2 else place % 7},a{place},1,{place / 10}\n" for place in range(40)
    )
    with served.http() as http:
        mixed = add(http, rows, "mixed.csv")
    page = unescape(browser.get("/app/studies/new", params={"dataset": mixed}).text)
    for words in (
        "number, 2 missing",
        "text: cannot be used",
        "the same in every row: left out",
        "number, place: off",
        "number, names its row: off",
    ):
        assert words in page, words
    assert fields(page)["column"] == ["1"]
    assert "2 rows with missing values were left out." in page


def test_what_a_file_calls_its_columns_is_never_markup(browser: httpx.Client, served: Served) -> None:
    rows = '"<script>alert(1)</script>",y,=cmd\n' + "".join(f"{p},{p * p % 11},{p % 5}\n" for p in range(30))
    with served.http() as http:
        hostile = add(http, rows, '<img src=x onerror="alert(1)">.csv')
    page = browser.get("/app/studies/new", params={"dataset": hostile}).text
    assert "<script>alert" not in page and "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    study = started(browser, hostile, max_k="2", n_experiments="1", column=["0", "1"])
    ended(browser, study)
    for path in ("", "/fits/0", "/predict", "/delete"):
        shown = browser.get(f"/app/studies/{study}{path}").text
        assert "<script>alert" not in shown and "<img src=x" not in shown


def test_while_it_runs_the_counts_add_up_to_the_total(browser: httpx.Client, dataset: str) -> None:
    study = started(
        browser, dataset, **{"n_experiments": "30", "n_init": "40", "max_k": "10", "covariances": SHAPES}
    )
    total, seen = 30 * 10 * 6, []
    page = browser.get(f"/app/studies/{study}")
    while 'id="sentence"' in page.text:
        now = counts(page.text)
        assert sum(now.values()) == total
        told = re.search(r'id="sentence"[^>]*>([\d,]+) of ([\d,]+) fits, (\d+)%', page.text)
        assert told is not None, page.text
        done = int(told[1].replace(",", ""))
        assert done == now["done"] + now["failed"]
        assert int(told[3]) == round(100 * done / total)
        assert '<meta http-equiv="refresh"' in page.text
        seen.append(done)
        if len(seen) == 3:
            assert press(browser, f"/app/studies/{study}", f"/app/studies/{study}/cancel").status_code == 303
        page = browser.get(f"/app/studies/{study}")
    assert seen == sorted(seen) and len(seen) >= 3
    assert re.search(r"Cancelled after [\d,]+ fits?\.", page.text)
    assert "Run the rest" in page.text


def test_the_rest_of_a_cancelled_study_can_be_run(browser: httpx.Client, dataset: str) -> None:
    study = started(browser, dataset, n_experiments="8", max_k="6")
    here = f"/app/studies/{study}"
    assert press(browser, here, f"{here}/cancel").status_code == 303
    page = browser.get(here, params={"state": "cancelled"}).text
    assert "Not run" in page
    answer = press(browser, here, f"{here}/rerun", what="rest")
    assert answer.status_code == 303
    assert ended(browser, study)["state"] == "succeeded"
    fits = browser.get(f"/api/v1/studies/{study}/fits").json()["fits"]
    assert [fit["fit"] for fit in fits] == list(range(8 * 6 * 2))


@pytest.mark.usefixtures("poisoned")
def test_a_failed_fit_says_why_and_is_rerun_alone(
    browser: httpx.Client, dataset: str, served: Served
) -> None:
    study = started(browser, dataset)
    here = f"/app/studies/{study}"
    ended(browser, study)
    page = unescape(browser.get(here).text)
    assert "11 of 12 fits worked; 1 failed." in page
    assert "the matrix of this fit cannot be inverted" in page
    failed = browser.get(here, params={"state": "failed"}).text
    (fit,) = re.findall(r'name="fit" value="(\d+)"', failed)
    assert "This fit failed." in browser.get(f"{here}/fits/{fit}").text
    (served.home.parent / "poison").unlink()
    assert press(browser, here, f"{here}/rerun", fit=[fit]).status_code == 303
    assert "+1 fit." in browser.get(here).text
    view = ended(browser, study)
    assert (view["state"], view["progress"]["total"], view["summary"]["failed"]) == ("succeeded", 1, 0)
    assert "1 failed." not in browser.get(here).text


def test_the_table_of_fits_is_searched_filtered_sorted_and_paged(
    browser: httpx.Client, finished: str
) -> None:
    def ids(**query: Any) -> list[int]:
        page = browser.get(f"/app/studies/{finished}", params=query).text
        return [int(one) for one in re.findall(r'id="fit-(\d+)"', page)]

    assert ids() == list(range(SMALL_FITS))
    assert ids(shape="diag-tied") == list(range(1, SMALL_FITS, 2))
    assert ids(q="7") == [7]
    assert ids(q="k=2") == [2, 3, 8, 9]
    assert ids(state="failed") == []
    assert ids(page=2) == []
    fits = browser.get(f"/api/v1/studies/{finished}/fits").json()["fits"]
    best = sorted(fits, key=lambda fit: -fit["bic"])
    assert ids(sort="bic")[0] in {fit["fit"] for fit in best if fit["bic"] == best[0]["bic"]}
    assert ids(order="desc") == list(range(SMALL_FITS))[::-1]
    assert browser.get(f"/app/studies/{finished}", params={"sort": "nonsense"}).status_code == 422


def test_any_fit_has_a_page_and_gives_its_labels(browser: httpx.Client, finished: str) -> None:
    here = f"/app/studies/{finished}/fits"
    recommended = {best["fit"] for best in ended(browser, finished)["summary"]["recommended"].values()}
    fit = next(one for one in range(SMALL_FITS) if one not in recommended)
    page = browser.get(f"{here}/{fit}").text
    assert f"Fit {fit}:" in page and "Parameters" in page
    opened = press(browser, f"{here}/{fit}", f"{here}/{fit}/labels")
    assert opened.status_code == 303

    def ready() -> str | None:
        shown = browser.get(opened.headers["location"]).text
        link = re.search(r'href="(/api/v1/studies/[^"]+/labels\.csv\?opened=\d+)"', shown)
        return link and unescape(link[1])

    labels = browser.get(wait_until(ready) or "").text
    assert len(list(csv.reader(io.StringIO(labels)))) == 61
    assert browser.get(f"{here}/{SMALL_FITS}").status_code == 404
    sizes = browser.get(f"/api/v1/studies/{finished}/fits/{fit}").json()["sizes"]
    given = [row["Label"] for row in csv.DictReader(io.StringIO(labels))]
    assert [given.count(str(one)) for one in range(1, len(sizes) + 1)] == sizes


def test_new_rows_come_back_with_label_and_certainty(browser: httpx.Client, finished: str) -> None:
    here = f"/app/studies/{finished}/predict"
    csrf = token(browser.get(here).text)
    answer = browser.post(
        here, data={"csrf": csrf}, files={"file": ("new rows.csv", "y,x,who\n0,0,=a\n20,20,b\n,1,c\n")}
    )
    assert answer.status_code == 200, answer.text
    assert 'attachment; filename="new rows-labelled.csv"' in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {rows[0]["Label"], rows[1]["Label"]} == {"1", "2"} and rows[2]["Label"] == ""
    assert rows[0]["who"] == "'=a"
    assert float(rows[0]["Certainty"]) > 0.99


def test_rows_that_cannot_be_assigned_are_told_of_in_place(browser: httpx.Client, finished: str) -> None:
    here = f"/app/studies/{finished}/predict"
    csrf = token(browser.get(here).text)
    missing = browser.post(here, data={"csrf": csrf}, files={"file": ("a.csv", "x,z\n1,2\n")})
    assert missing.status_code == 422 and "Column y is not there." in missing.text
    nothing = browser.post(here, data={"csrf": csrf}, files={"file": ("", b"")})
    assert nothing.status_code == 422 and "Choose a file first." in nothing.text
    assert 'id="error-file"' in nothing.text


def test_no_form_is_taken_without_the_token_of_this_browser(
    browser: httpx.Client, finished: str, dataset: str
) -> None:
    here = f"/app/studies/{finished}"
    browser.get(here)
    for path in ("cancel", "rerun", "extend", "delete", "predict", "fits/0/labels"):
        assert browser.post(f"{here}/{path}", data={"csrf": "x" * 43, "what": "rest"}).status_code == 403, (
            path
        )
    for path in ("/app/studies/new", "/app/studies/new/estimate"):
        assert browser.post(path, data={"csrf": "", "dataset": dataset}).status_code == 403
    assert browser.get(here).status_code == 200


def test_larger_numbers_of_clusters_are_added_and_said(browser: httpx.Client, dataset: str) -> None:
    study = started(browser, dataset)
    here = f"/app/studies/{study}"
    ended(browser, study)
    answer = press(browser, here, f"{here}/extend", max_k="5")
    assert answer.status_code == 303
    assert "Up to 5 clusters: +8 fits." in browser.get(here).text
    assert ended(browser, study)["summary"]["fits"] == SMALL_FITS + 8
    refused = press(browser, here, f"{here}/extend", max_k="5")
    assert refused.status_code == 422 and "Up to 5 clusters are tried already." in refused.text


def test_a_study_is_repeated_with_changes_and_deleted(
    browser: httpx.Client, finished: str, dataset: str
) -> None:
    page = browser.get("/app/studies/new", params={"like": finished}).text
    sent = fields(page)
    assert (sent["max_k"], sent["covariances"]) == (["3"], ["full-untied", "diag-tied"])
    assert '<details id="advanced" open>' in page
    study = started(browser, dataset, name="to delete")
    ended(browser, study)
    here = f"/app/studies/{study}"
    asked = browser.get(f"{here}/delete").text
    assert "Delete to delete?" in asked and "The data stay." in asked
    answer = press(browser, f"{here}/delete", f"{here}/delete")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/studies")
    assert browser.get(here).status_code == 404


def test_the_beginning_of_an_id_leads_to_the_whole_address(browser: httpx.Client, finished: str) -> None:
    answer = browser.get(f"/app/studies/{finished[:6]}/fits/3")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/app/studies/{finished}/fits/3")
    assert browser.get("/app/studies/nothing-like-this").status_code == 404


def test_the_part_that_moves_asks_for_a_new_page_when_the_study_has_ended(
    browser: httpx.Client, finished: str
) -> None:
    assert browser.get(f"/app/studies/{finished}/part/now").status_code == 205


def test_only_a_page_with_figures_loads_what_draws_them_and_may_keep_it(
    browser: httpx.Client, finished: str
) -> None:
    here = f"/app/studies/{finished}"

    def script() -> str | None:
        found = re.search(r'src="(/app/static/\w{16}/vega\.js)"', browser.get(here).text)
        return found and found[1]

    sent = browser.get(wait_until(script) or "")
    assert (sent.status_code, sent.headers["content-encoding"]) == (200, "gzip")
    assert "immutable" in sent.headers["cache-control"]
    assert "vegaEmbed" in sent.text
    for path in (f"{here}/fits/0", f"{here}/predict", "/app/studies/new"):
        assert "vega.js" not in browser.get(path).text
    page = browser.get(here).text
    assert f'data-album="/api/v1/studies/{finished}/album.json"' in page
    assert f'<noscript><img src="/api/v1/studies/{finished}/figures/scores.svg"' in page


def test_a_page_of_a_study_stays_small_and_its_policy_strict(browser: httpx.Client, finished: str) -> None:
    for path in ("", "/fits/0", "/predict", "/delete"):
        answer = browser.get(f"/app/studies/{finished}{path}")
        assert len(answer.content) < 150_000
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "script-src" not in policy and "unsafe-eval" not in policy
