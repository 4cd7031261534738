"""What holds for studies on every kind of database, with real worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from shoal.base.errors import Conflict
from shoal.studies.model import StudyState
from shoal.studies.store.tables import fits
from tests.support.studies import Engine


@pytest.fixture
def engine(new_database_url: Callable[[], str], tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path, new_database_url())
    made.supervisor.start()
    yield made
    made.supervisor.stop()
    made.database.close()


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    centres = np.array([[0.0, 0.0], [9.0, 1.0], [3.0, 8.0]])
    rows = centres[np.arange(120) % 3] + np.random.default_rng(2).normal(size=(120, 2))
    np.savetxt(tmp_path / "blobs.csv", rows, delimiter=",", header="x,y", comments="")
    return tmp_path / "blobs.csv"


def test_a_study_runs_again_grows_stops_and_goes(engine: Engine, blobs: Path) -> None:
    study = engine.run(blobs, max_k=4)
    assert study.summary and study.summary["best"] and study.summary["best"]["k"] == 3
    again = engine.finished(engine.studies.rerun(study, [0, 5]))
    assert again.summary == study.summary
    grown = engine.finished(engine.studies.extend(again, 5))
    rows = engine.database.read(
        lambda conn: conn.execute(select(func.count()).select_from(fits)).scalar_one()
    )
    assert rows == 2 * 4 * 6 + 2 + 2 * 6
    assert [fit.fit for fit in engine.studies.fits(grown)] == list(range(60))
    running = engine.studies.rerun(grown, range(60))
    with pytest.raises(Conflict):
        engine.studies.remove(running)
    stopped = engine.studies.cancel(running)
    assert engine.studies.get(study.id[:6]).state == stopped.state == StudyState.cancelled
    engine.studies.remove(stopped)
    assert engine.studies.list() == []
    assert engine.studies.fits(study) == []
