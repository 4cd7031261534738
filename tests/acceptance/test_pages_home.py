from __future__ import annotations

from collections.abc import Iterator

import pytest

from shoal.storage.example import PENGUINS
from tests.support.asking import ended
from tests.support.command import PENGUINS as SHIPPED
from tests.support.reader import Reader, reading
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
