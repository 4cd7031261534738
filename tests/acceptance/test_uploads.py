"""Uploads in parts: tus 1.0 as its specification has it, over broken connections and killed servers."""

from __future__ import annotations

import signal
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.asking import ROWS, problem
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

LIMIT = 8_000_000
FILE = ROWS.encode()
PART = {"Content-Type": "application/offset+octet-stream"}
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("uploads") / "home", limits={"upload": LIMIT}) as served:
        yield served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http(headers=TUS) as client:
        yield client


def begun(http: httpx.Client, length: int = len(FILE), **words: str) -> str:
    told = {"filename": "rows.csv"} | words
    names = ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in told.items())
    headers = {"Upload-Length": str(length), "Upload-Metadata": names}
    made = http.post("/api/v1/uploads", headers=headers)
    assert made.status_code == 201, made.text
    assert made.content == b""
    return str(made.headers["location"])


def sent(http: httpx.Client, where: str, offset: int, part: bytes) -> httpx.Response:
    return http.patch(where, content=part, headers=PART | {"Upload-Offset": str(offset)})


def offset_of(http: httpx.Client, where: str) -> int:
    told = http.head(where)
    assert told.status_code == 200
    assert told.headers["cache-control"] == "no-store"
    return int(told.headers["upload-offset"])


def test_what_is_understood_is_told(http: httpx.Client) -> None:
    told = http.options("/api/v1/uploads", headers=TUS)
    assert told.status_code == 204
    assert told.headers["tus-version"] == "1.0.0"
    assert set(told.headers["tus-extension"].split(",")) == {"creation", "termination"}
    assert told.headers["tus-max-size"] == str(LIMIT)


def test_a_file_in_parts_is_the_dataset_that_it_is_in_one(http: httpx.Client) -> None:
    where = begun(http)
    assert offset_of(http, where) == 0
    first = sent(http, where, 0, FILE[:100])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "100")
    assert first.headers["tus-resumable"] == "1.0.0"
    assert "shoal-dataset" not in first.headers
    last = sent(http, where, 100, FILE[100:])
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(FILE)))
    made = http.get(f"/api/v1/datasets/{last.headers['shoal-dataset']}").json()
    assert (made["name"], made["rows"]) == ("rows.csv", 60)
    assert http.post("/api/v1/datasets", params={"name": "rows.csv"}, content=FILE).json() == made
    again = sent(http, where, len(FILE), b"")
    assert again.headers["shoal-dataset"] == made["id"]
    told = http.get(where).json()
    assert (told["dataset"], told["offset"]) == (made["id"], len(FILE))


def test_a_part_elsewhere_than_where_it_goes_on_changes_nothing(http: httpx.Client) -> None:
    where = begun(http)
    sent(http, where, 0, FILE[:100])
    for offset in (0, 99, 101):
        assert problem(sent(http, where, offset, b"x"))["status"] == 409
    assert offset_of(http, where) == 100


def test_more_than_was_announced_is_refused(http: httpx.Client) -> None:
    where = begun(http, length=100)
    assert problem(sent(http, where, 0, FILE[:101]))["status"] == 413

    def pieces() -> Iterator[bytes]:
        yield FILE[:60]
        yield FILE[:60]

    streamed = http.patch(where, content=pieces(), headers=PART | {"Upload-Offset": "0"})
    assert problem(streamed)["status"] == 413
    assert offset_of(http, where) <= 100


def test_an_upload_over_the_limit_or_beside_too_many_is_refused(server: Served, http: httpx.Client) -> None:
    over = http.post("/api/v1/uploads", headers={"Upload-Length": str(LIMIT + 1)})
    assert problem(over)["status"] == 413
    made: list[str] = []
    while (answer := http.post("/api/v1/uploads", headers={"Upload-Length": str(LIMIT)})).status_code == 201:
        made.append(answer.headers["location"])
        assert len(made) <= 4
    assert problem(answer)["status"] == 429
    for where in made:
        assert http.delete(where).status_code == 204
        assert http.head(where).status_code == 404
    assert http.delete(begun(http)).status_code == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 422),
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Length": "many"}, 422),
        ({"Upload-Length": "1" * 30}, 422),
        ({"Upload-Length": "5", "Upload-Metadata": "filename ???"}, 422),
        ({"Upload-Length": "5", "Upload-Metadata": "filename /w=="}, 422),
        ({"Upload-Length": "5", "Upload-Metadata": "delimiter YWI="}, 422),
        ({"Upload-Length": "5", "Tus-Resumable": "0.2.2"}, 412),
    ],
)
def test_a_wrong_beginning_is_refused(http: httpx.Client, headers: dict[str, str], status: int) -> None:
    answer = http.post("/api/v1/uploads", headers=headers)
    assert problem(answer)["status"] == status
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert ("tus-version" in answer.headers) == (status == 412)


def test_a_wrong_part_is_refused(http: httpx.Client) -> None:
    where = begun(http)
    assert problem(http.patch(where, content=b"x", headers={"Upload-Offset": "0"}))["status"] == 415
    assert problem(http.patch(where, content=b"x", headers=PART))["status"] == 422
    assert problem(sent(http, "/api/v1/uploads/000000000000", 0, b"x"))["status"] == 404
    assert problem(http.get("/api/v1/uploads/..%2f..%2fshoal.db"))["status"] == 404


def test_a_file_that_is_no_table_is_told_and_forgotten(http: httpx.Client) -> None:
    where = begun(http, length=4)
    refused = sent(http, where, 0, b"\x00\x01\x02\x03")
    assert problem(refused)["status"] in (415, 422)
    assert http.head(where).status_code == 404


def test_a_sender_without_patch_can_post(http: httpx.Client) -> None:
    where = begun(http)
    override = PART | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert http.post(where, content=FILE[:9], headers=override).headers["upload-offset"] == "9"
    assert http.post(where, headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert http.head(where).status_code == 404


def test_uploads_on_their_way_are_listed_with_the_senders_word(http: httpx.Client) -> None:
    where = begun(http, fingerprint="mine")
    listed = http.get("/api/v1/uploads").json()["uploads"]
    assert [one["id"] for one in listed if one["fingerprint"] == "mine"] == [where.rpartition("/")[2]]


def test_what_arrived_before_the_connection_broke_is_kept(server: Served, http: httpx.Client) -> None:
    large = b"x,y\n" + b"12345,67890\n" * 200_000
    where = begun(http, len(large))
    part = server.home / "uploads" / f"{where.rpartition('/')[2]}.part"

    def broken() -> Iterator[bytes]:
        yield large[:2_000_000]
        wait_until(lambda: part.stat().st_size >= 1_000_000)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        http.patch(where, content=broken(), headers=PART | {"Upload-Offset": "0"})
    wait_until(lambda: offset_of(http, where) >= 1_000_000, timeout=20)
    offset = offset_of(http, where)
    assert sent(http, where, offset, large[offset:]).headers["shoal-dataset"]
    assert "ClientDisconnect" not in server.log()


@pytest.mark.parametrize("fault", ["uploads.append:before", "uploads.append:after", "uploads.finish:before"])
def test_a_killed_server_told_the_truth(tmp_path: Path, fault: str) -> None:
    home = tmp_path / "home"
    told = 0
    with running_server(home, env={"SHOAL_FAULT": fault}) as served:
        with served.http(headers=TUS) as http:
            where = begun(http)
            with pytest.raises(httpx.HTTPError):
                for first in (0, 200):
                    told = int(sent(http, where, first, FILE[first : first + 200]).headers["upload-offset"])
                sent(http, where, 400, FILE[400:])
        assert served.process.wait(30) == -signal.SIGKILL
    with running_server(home) as served, served.http(headers=TUS) as http:
        offset = offset_of(http, where)
        assert told <= offset <= len(FILE)
        made = sent(http, where, offset, FILE[offset:]).headers["shoal-dataset"]
        assert http.get(f"/api/v1/datasets/{made}/file").content == FILE
        assert [one["id"] for one in http.get("/api/v1/datasets").json()["datasets"]] == [made]


def test_what_nobody_sends_to_for_a_day_is_forgotten(tmp_path: Path) -> None:
    from shoal.storage.uploads import DAY, Uploads

    uploads = Uploads(tmp_path / "uploads", LIMIT)
    old = uploads.create("local", 10, "a.csv")
    (tmp_path / "uploads" / "stray.part").write_bytes(b"x")
    assert uploads.collect() == 0
    assert uploads.collect(older_than=-DAY) == 1
    assert list((tmp_path / "uploads").iterdir()) == []
    assert uploads.list() == []
    assert old.offset == 0
