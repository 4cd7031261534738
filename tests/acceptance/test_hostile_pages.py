"""What a stranger may send through the pages, and how they stand it."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator

import pytest

from tests.support.asking import ended
from tests.support.reader import PAGE, Reader, reading
from tests.support.server import Served, running_server

NEW = "/app/datasets/new"
WIDE = 2000
SMALL = {"max_k": 2, "n_experiments": 1, "n_init": 1, "min_members": 2}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    limits = {"expanded": 64 << 20}
    with running_server(tmp_path_factory.mktemp("hostile") / "home", limits=limits) as served:
        yield served


@pytest.fixture
def reader(server: Served) -> Iterator[Reader]:
    with reading(server) as one:
        yield one


def dataset_of(reader: Reader, name: str, content: bytes) -> str:
    answer = reader.send(NEW, NEW, files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    return answer.url.path.rsplit("/", 1)[-1]


def study_of(reader: Reader, dataset: str, **options: object) -> str:
    started = reader.http.post("/api/v1/studies", json={"dataset": dataset, **options})
    assert started.status_code == 201, started.text
    assert ended(reader.http, started.json()["id"])["state"] == "succeeded"
    return str(started.json()["id"])


def two_groups(columns: list[str]) -> str:
    lines = io.StringIO()
    table = csv.writer(lines)
    table.writerow(columns)
    for row in range(24):
        table.writerow([row % 2 * 50 + (row * place * 7 % 11) for place in range(1, len(columns) + 1)])
    return lines.getvalue()


def test_names_with_markup_are_words_on_every_page(reader: Reader) -> None:
    names = ["<script>alert(1)</script>", "<img src=x onerror=alert(2)>"]
    dataset = dataset_of(reader, "<b>bold.csv", two_groups(names).encode())
    study = study_of(reader, dataset, **SMALL)
    study_pages = [f"/app/studies/{study}{part}" for part in ("", "/fits/0", "/predict")]
    lists = ["/app", "/app/studies", "/app/datasets", f"/app/datasets/{dataset}"]
    forms = [f"/app/studies/new?dataset={dataset}", f"/status/{study}", f"/report/{study}"]
    for place in [*study_pages, *lists, *forms]:
        text = reader.get(place).text
        assert "<b>bold</b>" not in text and "<script>alert(1)" not in text and "<img src=x" not in text, (
            place
        )
        assert "&lt;" in text, place


def test_cells_that_a_spreadsheet_would_run_are_made_harmless(reader: Reader) -> None:
    rows = two_groups(["a", "b"]).split()
    table = "\n".join([rows[0] + ",note", *(f"{row},=HYPERLINK(1)" for row in rows[1:])])
    study = study_of(reader, dataset_of(reader, "formulas.csv", table.encode()), **SMALL)
    labels = reader.get(f"/api/v1/studies/{study}/labels.csv").text
    assert "'=HYPERLINK(1)" in labels and ",=HYPERLINK" not in labels


def test_a_name_that_climbs_out_of_its_folder_stays_a_name(server: Served, reader: Reader) -> None:
    before = sorted(server.home.parent.iterdir())
    dataset = dataset_of(reader, "../../etc/climber.csv", two_groups(["a", "b"]).encode())
    assert reader.get(f"/api/v1/datasets/{dataset}").json()["name"] == "climber.csv"
    assert sorted(server.home.parent.iterdir()) == before


def test_a_file_over_the_limit_is_refused_on_a_page_before_it_is_sent(server: Served) -> None:
    head = (
        f"POST {NEW} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAccept: {PAGE['Accept']}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {300 << 20}\r\nConnection: close\r\n\r\n"
    )
    answer = server.raw(head.encode()).decode()
    assert answer.startswith("HTTP/1.1 413")
    assert "<h1>" in answer and "larger than this server takes" in answer


def test_a_small_file_that_grows_large_is_refused_in_its_place(reader: Reader) -> None:
    answer = reader.send(NEW, NEW, files={"file": ("bomb.csv.gz", _bomb())})
    assert answer.status_code == 413
    assert "expands to more than" in answer.text


def _bomb() -> bytes:
    """Return a few KB of gzip that expand to more than the limit."""
    return gzip.compress(b"a,b\n" + b"0,0\n" * 20_000_000, 9, mtime=0)


def test_two_thousand_columns_are_shown_in_parts_and_clustered(reader: Reader) -> None:
    dataset = dataset_of(reader, "wide.csv", two_groups([f"column {n}" for n in range(WIDE)]).encode())
    assert "2,000 columns" in reader.page(f"/app/datasets/{dataset}")
    assert "column 1999" in reader.page("/app/studies/new", dataset=dataset)
    study = study_of(reader, dataset, covariances=["diag-tied"], **SMALL)
    text = reader.get(f"/app/studies/{study}").text
    assert "<strong>" in text and len(text) < 3_000_000
    report = reader.get(f"/api/v1/studies/{study}/report.html")
    assert report.status_code == 200 and len(report.content) < 15_000_000
