"""The limit of every owner is what the settings say, and follows them."""

from __future__ import annotations

from pathlib import Path

from shoal.base.settings import Limits, Settings
from shoal.jobs.store import limits
from shoal.server.house import House


def limit_with(home: Path, n: int) -> int | None:
    """Return the limit of every owner in a house whose settings name one."""
    with House(Settings(home=home, workers=1, limits=Limits(jobs_per_owner=n))) as house:
        house.start_workers()
        return house.database.read(limits.every).get(limits.EVERYONE)


def test_the_limit_of_every_owner_follows_the_settings(tmp_path: Path) -> None:
    assert [limit_with(tmp_path / "home", n) for n in (0, 3, 2, 0)] == [None, 3, 2, None]
