from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest

from tests.support.asking import add, ended
from tests.support.command import PENGUINS
from tests.support.reader import Reader, reading, seen
from tests.support.server import Served, running_server

QUICK = {"max_k": 4, "n_experiments": 2, "n_init": 3, "covariances": ["full-tied", "diag-untied"]}
ROWS = "x,y\n" + "".join(f"{i % 2 * 20 + i / 50},{i % 2 * 20 - i / 70}\n" for i in range(40))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("study-pages") / "home") as served:
        yield served


@pytest.fixture
def reader(server: Served) -> Iterator[Reader]:
    with reading(server) as found:
        yield found


@pytest.fixture(scope="module")
def studies(server: Served) -> dict[str, str]:
    """Return the ids of studies that ended, by name."""
    with server.http() as http:
        penguins, other = add(http, PENGUINS.read_text(), "penguins.csv"), add(http, ROWS, "other.csv")
        wishes = {
            "first": {"dataset": penguins, **QUICK},
            "second": {"dataset": penguins, **QUICK, "seed": 7, "max_k": 5, "covariances": ["full-tied"]},
            "<b>third</b>": {"dataset": other, **QUICK, "max_k": 2},
        }
        made = {
            name: str(http.post("/api/v1/studies", json={"name": name, **wish}).json()["id"])
            for name, wish in wishes.items()
        }
        for study in made.values():
            assert ended(http, study)["state"] == "succeeded"
        return made


def listed(html: str) -> list[str]:
    return [seen(name) for name in re.findall(r'<th scope="row"><a[^>]*>(.*?)</a>', html)]


def test_the_list_tells_each_answer_and_is_sorted_by_its_address(
    reader: Reader, studies: dict[str, str]
) -> None:
    newest = reader.get("/app/studies")
    assert listed(newest.text) == ["<b>third</b>", "second", "first"]
    assert listed(reader.get("/app/studies?sort=name&order=desc").text) == ["second", "first", "<b>third</b>"]
    text = seen(newest.text)
    assert "3 groups of" in text
    assert "full tied" in text
    assert "1\N{EN DASH}3 of 3" in text
    assert "<b>third</b>" not in newest.text


def test_search_and_state_narrow_the_list(reader: Reader, studies: dict[str, str]) -> None:
    assert listed(reader.get("/app/studies?q=SECO").text) == ["second"]
    assert listed(reader.get("/app/studies", q=studies["first"]).text) == ["first"]
    assert len(listed(reader.get("/app/studies?state=succeeded").text)) == 3
    nothing = reader.get("/app/studies?state=failed")
    assert "No study is like that." in nothing.text
    assert "Clear filters" in nothing.text
    assert '<option value="failed" selected>' in nothing.text


def test_the_list_is_csv_and_json_too_with_the_same_filter(reader: Reader, studies: dict[str, str]) -> None:
    page = reader.get("/app/studies?q=third").text
    links = dict(re.findall(r'<a href="([^"]+)"(?: download)?>(Download CSV|JSON)</a>', page))
    named = {word: link.replace("&amp;", "&") for link, word in links.items()}
    rows = list(csv.DictReader(io.StringIO(reader.get(named["Download CSV"]).text)))
    assert [row["name"] for row in rows] == ["<b>third</b>"]
    assert rows[0]["id"] == studies["<b>third</b>"]
    found = reader.http.get(named["JSON"], headers={"Accept": "application/json"}).json()
    assert [study["id"] for study in found["studies"]] == [studies["<b>third</b>"]]


def test_two_chosen_in_the_list_are_compared(reader: Reader, studies: dict[str, str]) -> None:
    chosen = {"chosen": [studies["first"], studies["second"]]}
    answer = reader.get("/app/studies/compare", **chosen)
    assert answer.url.params["a"] == studies["first"]
    assert answer.url.params["b"] == studies["second"]
    alone = reader.get("/app/studies/compare", chosen=[studies["first"]])
    assert alone.url.path == "/app/studies"
    assert "Choose two studies to compare." in alone.text


def test_a_comparison_says_how_alike_and_what_differs(reader: Reader, studies: dict[str, str]) -> None:
    text = reader.page("/app/studies/compare", a=studies["first"], b=studies["second"])
    found = reader.get(f"/api/v1/studies/{studies['first']}/compare", other=studies["second"]).json()
    assert f"Adjusted Rand index {found['adjusted_rand']:.3f}" in text
    assert "over 342 rows" in text
    for wanted in ("Largest number of clusters 4 5", "Seed 0 7", "Diagonal untied", "not tried"):
        assert wanted in text
    assert "Starts per fit" not in text


def test_a_comparison_with_a_column_shows_the_table_of_both(reader: Reader, studies: dict[str, str]) -> None:
    text = reader.page("/app/studies/compare", a=studies["first"], column="species")
    assert "first and species" in text
    assert "Cluster Adelie Chinstrap Gentoo All" in text
    counts = [int(n) for row in re.findall(r"(?: \d+){5}(?= )", text)[:3] for n in row.split()[1:4]]
    assert sum(counts) == 342


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("a={first}&b={third}", 200, "344 and 40 rows"),
        ("a={first}&column=nothing", 200, "There is no column nothing."),
        ("a={first}&column=<script>", 200, "There is no column &lt;script&gt;."),
        ("a=zzzz&b={first}", 404, "There is no study zzzz."),
        ("b={first}", 200, "What to compare"),
        ("", 200, "What to compare"),
    ],
)
def test_what_cannot_be_compared_is_said(
    reader: Reader, studies: dict[str, str], query: str, status: int, words: str
) -> None:
    ids = {"first": studies["first"], "third": studies["<b>third</b>"]}
    answer = reader.get(f"/app/studies/compare?{query.format(**ids)}")
    assert answer.status_code == status
    assert words in answer.text


def test_a_column_with_a_value_for_each_row_is_no_grouping(reader: Reader) -> None:
    rows = "x,y,name\n" + "".join(f"{i % 2 * 20 + i / 500},{i % 3},n{i}\n" for i in range(1200))
    dataset = add(reader.http, rows, "names.csv")
    wish = {"dataset": dataset, **QUICK, "max_k": 2, "columns": ["x", "y"], "name": "named rows"}
    study = ended(reader.http, reader.http.post("/api/v1/studies", json=wish).json()["id"])["id"]
    assert "name has 1,200 different values" in reader.page("/app/studies/compare", a=study, column="name")
