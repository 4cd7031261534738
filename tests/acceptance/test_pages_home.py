from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.storage.example import PENGUINS
from tests.support.asking import ended
from tests.support.command import PENGUINS as SHIPPED
from tests.support.reader import PAGE, Reader, reading
from tests.support.server import Served, running_server

QUICK = {"max_k": 3, "n_experiments": 2, "n_init": 2, "covariances": ["full-tied"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("home-page") / "home") as served:
        yield served


def test_the_root_is_a_page_for_browsers_and_links_for_programs(server: Served) -> None:
    with reading(server) as reader:
        assert "How many groups are in your data?" in reader.page("/")
    with server.http() as program:
        found = program.get("/").json()
        assert found["name"] == "Shoal"
        assert program.get(found["links"]["api"]).status_code == 200


def test_home_begins_with_words_and_a_command_and_then_tells_what_runs_and_ran(server: Served) -> None:
    with reading(server) as reader:
        empty = reader.page("/app")
        for words in ("Nothing has run yet", "shoal study run yourfile.csv", "1 worker, nothing queued,"):
            assert words in empty
        study = started(reader)
        running = reader.page("/app")
        assert "Running now (1)" in running
        assert "of 6 fits" in running
        ended(reader.http, study)
        after = reader.page("/app")
    assert "Running now" not in after
    assert "Recent studies" in after
    assert "groups of" in after


def started(reader: Reader) -> str:
    """Try the penguins, and start what the page would start next."""
    answer = reader.send("/app", "/app/datasets/example")
    place = answer.history[0].headers["location"]
    assert place.startswith("/app/studies/new?dataset=")
    wish = {"dataset": place.partition("=")[2], **QUICK}
    return str(reader.http.post("/api/v1/studies", json=wish).json()["id"])


def test_a_file_dropped_on_home_leads_to_a_new_study(server: Served) -> None:
    with reading(server) as reader:
        file = {"file": ("mine.csv", b"a,b\n1,2\n3,4\n5,7\n")}
        answer = reader.send("/app", "/app/datasets/new", {"then": "study", "delimiter": ""}, file)
    assert answer.history[0].headers["location"].startswith("/app/studies/new?dataset=")


def test_the_package_ships_the_same_penguins_as_the_examples() -> None:
    assert PENGUINS.read_bytes() == SHIPPED.read_bytes()


def test_a_study_that_failed_needs_you_and_says_why(server: Served) -> None:
    with reading(server) as reader:
        study = started(reader)
        for job in reader.http.get(f"/api/v1/studies/{study}/jobs").json()["jobs"]:
            reader.http.post(f"/api/v1/jobs/{job['job']}/cancel")
        assert ended(reader.http, study)["state"] == "failed"
        text = reader.page("/app")
    assert "Needs you (1)" in text
    assert "penguins.csv : Cancelled." in text


def test_behind_a_prefix_every_address_has_it(tmp_path: Path) -> None:
    with running_server(tmp_path / "home", root_path="/lab/shoal") as server, reading(server) as reader:
        reader.http.follow_redirects = False
        sent = {"file": ("mine.csv", b"a,b\n1,2\n3,4\n5,7\n")}
        answer = reader.send("/app", "/app/datasets/new", {"then": ""}, sent)
        place = answer.headers["location"]
        assert place.startswith("/lab/shoal/app/datasets/")
        paths = ["/", "/app", "/app/datasets", "/app/studies", "/app/studies/compare", "/app/datasets/new"]
        for path in [*paths, place.removeprefix("/lab/shoal")]:
            html = reader.get(path).text
            links = re.findall(r'(?:href|src|action|data-live|data-uploads|data-events)="(/[^"]*)"', html)
            assert links
            assert [link for link in links if not link.startswith("/lab/shoal/")] == []


def test_on_an_open_listener_home_leads_to_sign_in_and_back(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t" * 40)
    flags: dict[str, Any] = {"listen": ["0.0.0.0:0"], "server_token": f"@{token}"}
    with running_server(tmp_path / "home", **flags) as server, server.http(headers=PAGE) as http:
        address = f"http://127.0.0.1:{server.port}"
        for path, wanted in (("/", "/"), ("/app/datasets?q=a", "/app/datasets%3Fq%3Da")):
            answer = http.get(address + path)
            assert answer.status_code == 303
            assert answer.headers["location"] == f"/app/sign-in?next={wanted}"
        assert http.get(address + "/app/datasets.csv", headers={"Accept": "text/csv"}).status_code == 401
