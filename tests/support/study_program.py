"""A study by the command line, for tests that kill it: begun by the first run, finished by the next."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shoal.base.database import open_database
from shoal.base.settings import load_settings
from shoal.cli.main import run
from shoal.jobs.states import ENDS
from shoal.jobs.store import reading
from shoal.server import embedded  # noqa: F401  (imported once, before each program is forked)
from shoal.server.house import House
from shoal.studies.model import StudyState
from shoal.studies.store import stored
from shoal.studies.store.browsing import StudyFilter, find_studies

FITS = 2 * 3 * 2
PLAN = [
    "--experiments",
    "2",
    "--max-k",
    "3",
    "--n-init",
    "2",
    "--covariances",
    "diag-tied,full-untied",
    "--workers",
    "2",
]


def main(folder: Path, url: str) -> None:
    home, out = folder / "home", folder / "out"
    where = ["--home", str(home), "--out", str(out)]
    if _begun(home, url):
        code = run(["study", "watch", "last", *where, "--workers", "2"])
    else:
        code = run(["study", "run", str(_data(folder)), *where, *PLAN])
    if code:
        raise SystemExit(code)


def verify(folder: Path, url: str) -> None:
    """Every fit is recorded once, everything has ended, and the files are whole."""
    with House(load_settings({"home": folder / "home"})) as house:
        studies = house.database.read(lambda conn: find_studies(conn, StudyFilter(), limit=10))
        assert [study.state for study in studies] == [StudyState.succeeded]
        fits = house.database.read(lambda conn: stored.list_fits(conn, studies[0].id))
        assert [fit.fit for fit in fits] == list(range(FITS))
        assert [fit.error for fit in fits if fit.state != "succeeded"] == []
        assert all(job.state in ENDS for job in house.database.read(reading.find))
    # A killed process may leave a hidden draft; what has a name is whole.
    named = {path.name for path in (folder / "out").iterdir() if not path.name.startswith(".")}
    assert named == {"labels.csv", "report.html", "study.json"}
    assert (folder / "out" / "labels.csv").read_text().count("\n") == 201


def _begun(home: Path, url: str) -> bool:
    database = home / "shoal.db"
    if not database.exists():
        return False
    opened = open_database(f"sqlite:///{database}")
    try:
        return bool(opened.read(_any))
    finally:
        opened.close()


def _any(conn: object) -> bool:
    from sqlalchemy import Connection, inspect

    assert isinstance(conn, Connection)
    return inspect(conn).has_table("studies") and bool(find_studies(conn, StudyFilter(), limit=1))


def _data(folder: Path) -> Path:
    path = folder / "two.csv"
    if not path.exists():
        draw = np.random.default_rng(0)
        rows = np.vstack([draw.normal(0, 1, (100, 2)), draw.normal(9, 1, (100, 2))])
        path.write_text("a,b\n" + "".join(f"{a:.4f},{b:.4f}\n" for a, b in rows))
    return path
