"""Servers with homes of their own that share a database: each sees to its machines, whoever wishes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from shoal.base.settings import load_settings
from shoal.infra.providers.simulation.cloud import Cloud
from shoal.infra.states import Phase
from shoal.server.house import House
from tests.support.infra_store import a_bundle
from tests.support.postgres import Cluster

SOON = 40.0


def opened(tmp_path: Path, name: str, url: str) -> House:
    settings = {"home": tmp_path / name, "database": url, "infra": {"passes": 1, "interval": 0.5}}
    return House(load_settings(settings))


def test_one_server_destroys_what_another_has_built(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.clone()
    with opened(tmp_path, "builder", url) as builder:
        infra = asyncio.run(builder.infra.build("me", a_bundle(), attach=False))
        assert asyncio.run(builder.infra.wait(infra.id, timeout=SOON)).phase is Phase.READY
    with opened(tmp_path, "builder", url) as builder, opened(tmp_path, "other", url) as other:
        for house in (builder, other):
            house.infra.start()  # as servers do
        asyncio.run(other.infra.destroy(infra.id))
        found = asyncio.run(other.infra.wait(infra.id, timeout=SOON))
        assert found.phase is Phase.DESTROYED
        assert not Cloud(builder.home.infra / infra.id).there()
