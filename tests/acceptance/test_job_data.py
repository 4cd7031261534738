"""Data for jobs over the API and the client: files by name, and stored JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import Conflict, InvalidInput, NotFound, TooLarge, UnsupportedMedia
from shoal.client.client import Client
from tests.support.server import Served, running_server

FILES = "/api/v1/datafiles"
LIMIT = 100_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("data") / "home"
    with running_server(home, limits={"upload": LIMIT}) as served:
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as connected:
        yield connected


def stored(server: Served) -> list[str]:
    """Return what lies below the folders of data files and stored objects."""
    folders = (server.home / "files" / name for name in ("datafiles", "objects"))
    return sorted(path.name for folder in folders for path in folder.rglob("*") if path.is_file())


def test_a_file_goes_and_comes_as_it_is(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "Größe 1.CSV"
    path.write_bytes(b"\xff\xfe no table at all \0")
    facts = client.datafiles.add(path)
    assert (facts["name"], facts["size"]) == ("Größe 1.CSV", 20)
    assert b"".join(client.datafiles.download("Größe 1.csv")) == path.read_bytes()
    assert client.datafiles.get("Größe 1.csv") == facts
    with pytest.raises(Conflict, match="already"):
        client.datafiles.add(path)
    client.datafiles.add(path, name="a.parquet")
    assert {one["name"] for one in client.datafiles} == {"Größe 1.CSV", "a.parquet"}
    client.datafiles.remove("Größe 1.CSV")
    client.datafiles.remove("a.parquet")
    with pytest.raises(NotFound):
        client.datafiles.remove("a.parquet")


def test_refused_files_leave_nothing(server: Served, client: Client, tmp_path: Path) -> None:
    before, small, large = stored(server), tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_bytes(b"x")
    large.write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(UnsupportedMedia, match="extension"):
        client.datafiles.add(small, name="run.sh")
    with pytest.raises(TooLarge):
        client.datafiles.add(large)
    with pytest.raises(InvalidInput):
        client.datafiles.add(small, name="..\\small.csv")
    for path in ("..%2fx.csv", "%2fetc%2fx.csv", "%2e%2e", "x%00.csv", "a%2fb.csv", ".x.csv"):
        answer = server.raw(
            b"PUT %s/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
            % (FILES.encode(), path.encode())
        )
        assert answer.split()[1] in (b"404", b"405", b"422"), (path, answer)
    assert stored(server) == before


def test_a_link_that_was_put_in_place_of_a_file_is_not_followed(
    server: Served, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "secret").write_text("hidden")
    client.datafiles.add(tmp_path / "a.csv", name="linked.csv")
    [path] = [one for one in (server.home / "files" / "datafiles").iterdir()]
    path.unlink()
    path.symlink_to(tmp_path / "secret")
    with server.http() as http:
        answer = http.get(f"{FILES}/linked.csv/file")
    assert (answer.status_code, "hidden" in answer.text) == (422, False)
    path.unlink()
    client.datafiles.remove("linked.csv")


def test_an_object_goes_changes_and_comes(client: Client) -> None:
    columns: dict[str, Any] = {"z": [1.5, None], "a": ["x", "y"]}
    facts = client.objects.add(columns, "timeseries", id="wind", extra={"site": 4})
    assert (facts["id"], facts["datatype"], facts["extra"]) == ("wind", "timeseries", {"site": 4})
    assert list(client.objects.data("wind").items()) == list(columns.items())
    with pytest.raises(Conflict):
        client.objects.add(1, id="wind")
    with pytest.raises(InvalidInput, match="no timeseries"):
        client.objects.change("wind", data=[1])
    changed = client.objects.change("wind", data=None, datatype="raw")
    assert (changed["datatype"], changed["edited"] is not None) == ("raw", True)
    assert client.objects.data("wind") is None
    assert [one["id"] for one in client.objects] == ["wind"]
    client.objects.remove("wind")
    with pytest.raises(NotFound):
        client.objects.get("wind")


def test_objects_are_found_by_what_they_hold(client: Client) -> None:
    client.objects.add({"depth": 2.5, "at": {"site": 4}}, id="near", extra={"who": "ana"})
    client.objects.add({"depth": 7}, id="far")
    client.objects.add([1], "raw", id="list")
    wanted: list[tuple[dict[str, Any], list[str]]] = [
        ({"data.depth": {"$gte": 2.5}}, ["far", "near"]),
        ({"data": {"at": {"site": 4}}}, ["near"]),
        ({"who": "ana"}, ["near"]),
        ({"id": {"$in": ["far", "list"]}, "datatype": "raw"}, ["far", "list"]),
        ({"$or": [{"who": {"$exists": True}}, {"size": {"$lt": 5}}]}, ["list", "near"]),
        ({"data.depth": "7"}, []),
    ]
    for where, ids in wanted:
        assert [one["id"] for one in client.objects.find(where)] == ids, where
    harmful: list[dict[str, Any]] = [{"$where": "1"}, {"data": {"$regex": "."}}]
    for where in harmful:
        with pytest.raises(InvalidInput):
            list(client.objects.find(where))
    for id_ in ("near", "far", "list"):
        client.objects.remove(id_)


def test_long_lists_come_in_parts(client: Client, server: Served) -> None:
    ids = [client.objects.add(n, id=f"n{n}")["id"] for n in range(5)]
    with server.http() as http:
        first = http.get("/api/v1/objects", params={"limit": 3}).json()
        rest = http.get("/api/v1/objects", params={"limit": 3, "cursor": first["next"]}).json()
    assert [one["id"] for one in first["objects"] + rest["objects"]] == ids
    assert rest["next"] is None


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{", '{"datatype": "dataframe"}', '{"data": 1, "datatype": "x"}', '{"data": 1, "id": "a/b"}',
     '{"data": 1, "key": "x"}', '{"data": "\\ud800"}', '{"data": ' + "[" * 300 + "]" * 300 + "}"],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(server: Served, body: str) -> None:
    before = stored(server)
    with server.http() as http:
        answer = http.post("/api/v1/objects", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert stored(server) == before
