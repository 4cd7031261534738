from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest

from tests.support.asking import add, ended
from tests.support.command import PENGUINS
from tests.support.reader import Reader, reading
from tests.support.server import Served, running_server

NEW = "/app/datasets/new"
EVIL = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a" * 60, "عمود", "=1+1", "{{ 7*7 }}"]
LIMIT = 300_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("dataset-pages") / "home"
    with running_server(home, limits={"upload": LIMIT}) as served:
        yield served


@pytest.fixture
def reader(server: Served) -> Iterator[Reader]:
    with reading(server) as found:
        yield found


@pytest.fixture(scope="module")
def penguins(server: Served) -> str:
    with server.http() as http:
        return add(http, PENGUINS.read_text(), "penguins.csv")


def upload(reader: Reader, content: bytes, name: str = "mine.csv", **fields: str) -> str:
    answer = reader.send(NEW, NEW, fields, {"file": (name, content)})
    assert answer.history, answer.text
    return answer.url.path.rpartition("/")[2]


def table(rows: int, columns: list[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([row * 10 + place for place in range(len(columns))] for row in range(rows))
    return out.getvalue().encode()


def test_a_file_is_sent_by_a_plain_form_and_described(reader: Reader) -> None:
    answer = reader.send(NEW, NEW, {}, {"file": ("penguins.csv", PENGUINS.read_bytes())})
    assert answer.status_code == 200
    text = " ".join(re.sub("<[^>]+>", " ", answer.text).split())
    assert "344 rows, 7 columns, 13.2 KB." in text
    assert "bill_length_mm number 2 32.10 43.92 59.60 5.46" in text
    assert "3 different: Adelie 152, Gentoo 124, Chinstrap 68" in text
    assert "Most values are between" in answer.text
    assert "10 of 344 rows." in text


def test_what_is_wrong_with_a_file_is_said_in_its_place_and_choices_are_kept(reader: Reader) -> None:
    answer = reader.send(NEW, NEW, {"delimiter": "semicolon", "then": "study"}, {"file": ("x.csv", b"")})
    assert answer.status_code == 422
    assert 'id="error-file"' in answer.text
    assert "This file is empty." in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert '<a href="#field-file">' in answer.text
    assert '<option value="semicolon" selected>' in answer.text
    assert 'name="then" value="study"' in answer.text


@pytest.mark.parametrize(
    ("fields", "file", "status", "words"),
    [
        ({}, None, 422, "Choose a file first."),
        ({"delimiter": "xx"}, ("x.csv", b"a,b\n1,2\n"), 422, "cannot separate values"),
        ({}, ("x.pdf", b"%PDF-1.7 \0\0\0"), 415, "x.pdf"),
        ({}, ("x.csv", b"a;b\n1;2\n3\n"), 422, "row 3"),
        ({"replaces": "0" * 12}, ("x.csv", b"a,b\n1,2\n"), 404, "There is no dataset"),
        ({}, ("x.csv", b"a,b\n" + b"1,2\n" * LIMIT), 413, "the limit here is"),
    ],
)
def test_files_that_cannot_be_kept_are_refused_with_a_page(
    reader: Reader, fields: dict[str, str], file: tuple[str, bytes] | None, status: int, words: str
) -> None:
    answer = reader.send(NEW, NEW, fields, {"file": file} if file else None)
    assert answer.status_code == status
    assert words in answer.text
    assert "--delimiter" not in answer.text
    assert "<h1>" in answer.text


def test_a_file_without_the_pages_token_is_not_kept(reader: Reader) -> None:
    before = reader.page("/app/datasets")
    sent = {"file": ("secret-plan.csv", b"a,b\n1,2\n3,4\n")}
    answer = reader.http.post(NEW, data={"csrf": "x" * 43}, files=sent)
    assert answer.status_code == 403
    assert "secret-plan" not in before + reader.page("/app/datasets")


def test_names_from_files_are_never_markup(reader: Reader) -> None:
    name = "<img src=x onerror=alert(1)>.csv"
    columns = [*EVIL, *(f"column {place}" for place in range(40))]
    dataset = upload(reader, table(12, columns), name)
    for path in ("/app/datasets", f"/app/datasets/{dataset}", f"/app/datasets/{dataset}/delete"):
        raw = reader.get(path).text
        assert "<img" not in raw
        assert "<script>alert" not in raw
        assert "&lt;img src=x onerror=alert(1)&gt;.csv" in raw
    shown = reader.get(f"/app/datasets/{dataset}").text
    assert "{{ 7*7 }}" in shown
    assert "column 33" in shown
    assert "column 34" not in shown
    assert "column 34" in reader.page(f"/app/datasets/{dataset}", page=2)


def test_two_thousand_columns_stay_a_small_page(reader: Reader) -> None:
    dataset = upload(reader, table(3, [f"c{place}" for place in range(2000)]), "wide.csv")
    answer = reader.get(f"/app/datasets/{dataset}")
    assert len(answer.content) < 150_000
    assert "c1999" in reader.page(f"/app/datasets/{dataset}", page=50)


def test_the_list_is_searched_sorted_and_paged_by_its_address(reader: Reader) -> None:
    for place in range(27):
        upload(reader, table(2 + place, ["a", "b"]), f"many {place:02}.csv")
    first = reader.get("/app/datasets", q="many", sort="rows", order="asc")
    names = re.findall(r"many \d\d\.csv(?=</a>)", first.text)
    assert names == [f"many {place:02}.csv" for place in range(25)]
    assert "1\N{EN DASH}25 of 27" in first.text
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following is not None
    last = reader.get(following[1].replace("&amp;", "&"))
    assert re.findall(r"many \d\d\.csv(?=</a>)", last.text) == ["many 25.csv", "many 26.csv"]
    assert 'aria-sort="ascending"' in last.text
    rows = list(csv.DictReader(io.StringIO(reader.get("/app/datasets.csv", q="many").text)))
    assert len(rows) == 27


def test_a_search_without_a_match_says_so(reader: Reader, penguins: str) -> None:
    assert "No dataset is like that." in reader.page("/app/datasets", q="there is none <b>")
    assert "penguins.csv" in reader.page("/app/datasets", q=penguins[:6])


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=x", "?sort=evil", "?order=1", "?q=%00", "?page=99999999999"]
)
def test_addresses_that_mean_nothing_are_pages_that_say_so(reader: Reader, query: str) -> None:
    for path in ("/app/datasets", "/app/studies"):
        answer = reader.get(path + query)
        assert answer.status_code == 422
        assert "The request cannot be used" in answer.text


def test_the_original_is_downloaded_as_it_came(reader: Reader, penguins: str) -> None:
    link = re.search(
        r'href="([^"]+)" download>Download original', reader.get(f"/app/datasets/{penguins}").text
    )
    assert link is not None
    answer = reader.get(link[1])
    assert answer.content == PENGUINS.read_bytes()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_newer_version_takes_the_place_and_the_earlier_stays_to_be_seen(reader: Reader) -> None:
    dataset = upload(reader, b"a,b\n1,2\n3,4\n", "grown.csv")
    again = upload(reader, b"a,b\n1,2\n3,4\n5,6\n", "grown.csv", replaces=dataset)
    assert again == dataset
    text = reader.page(f"/app/datasets/{dataset}")
    assert "3 rows, 2 columns" in text
    assert "version 2 of 2" in text
    earlier = reader.page(f"/app/datasets/{dataset}", version=1)
    assert "2 rows, 2 columns" in earlier
    assert "This is an earlier version." in earlier
    assert reader.page("/app/datasets", q="grown").count("grown.csv") == 2  # name, and the link to cluster it


def test_deleting_asks_says_what_goes_and_does_it(reader: Reader) -> None:
    dataset = upload(reader, b"a,b\n1,2\n3,9\n", "short-lived.csv")
    place = f"/app/datasets/{dataset}"
    asked = reader.page(f"{place}/delete")
    assert "Delete short-lived.csv?" in asked
    assert "This cannot be undone." in asked
    answer = reader.send(f"{place}/delete", f"{place}/delete")
    assert "short-lived.csv is deleted." in answer.text
    gone = reader.get(place)
    assert gone.status_code == 404
    assert "There is no dataset" in gone.text


def test_a_dataset_that_a_study_needs_stays(reader: Reader, penguins: str) -> None:
    wish = {"dataset": penguins, "max_k": 2, "n_experiments": 1, "n_init": 1, "covariances": ["full-tied"]}
    ended(reader.http, reader.http.post("/api/v1/studies", json=wish).json()["id"])
    assert "cannot be deleted yet" in reader.page(f"/app/datasets/{penguins}/delete")
    answer = reader.send(NEW, f"/app/datasets/{penguins}/delete")
    assert answer.status_code == 409
    assert reader.get(f"/app/datasets/{penguins}").status_code == 200
