"""The keeper looks at many infrastructures: one whose provider is slow holds up none of the others."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shoal.base.database import open_database
from shoal.infra.passes.keeping import Keeper
from shoal.infra.states import State
from tests.support.infra_store import Infra
from tests.support.waiting import wait_until


@pytest.fixture
def house(tmp_path: Path, sqlite_template: Path) -> Iterator[Infra]:
    path = tmp_path / "shoal.db"
    path.write_bytes(sqlite_template.read_bytes())
    with closing(open_database(f"sqlite:///{path}")) as database:
        yield Infra(database)


@pytest.fixture
def silent() -> Iterator[str]:
    """Yield where somebody listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def keeper(house: Infra, tmp_path: Path) -> Iterator[Keeper]:
    job = house.keeper()

    def ask(question: Mapping[str, Any]) -> Any:
        return house.ask(question, job)

    terms = {"home": str(tmp_path / "infra"), "interval": 0.1, "patience": {"missing": 0.1}}
    with ThreadPoolExecutor(4) as pool:
        made = Keeper(ask, terms, pool)
        yield made
        made.close()


def standing(house: Infra, name: str, **more: Any) -> str:
    """Return an infrastructure whose pass has ended, with one machine of a provider."""
    infra = house.build(name)
    house.planned(infra, node="master", state=State.READY, tries=1, ref="x", ready=1, **more)
    return house.passed(infra).id


def test_a_provider_that_never_answers_holds_up_nobody_else(
    house: Infra, keeper: Keeper, silent: str
) -> None:
    for number in range(3):
        standing(house, f"slow{number}", provider="docker", place={"endpoint": silent})
    id_ = standing(house, "quick", provider="simulated")  # It lacks machines.

    def is_asked() -> bool:
        keeper.round()
        return house.get(id_).turn > 1

    wait_until(is_asked, timeout=20)
