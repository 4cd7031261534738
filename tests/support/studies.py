"""Studies without a server: a database, a storage, real workers, and short ways to speak of studies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from shoal.base.database import Database, open_database
from shoal.base.faults import fault_point
from shoal.jobs import waiting
from shoal.jobs.workers.supervisor import Supervisor
from shoal.migrations.upgrading import upgrade
from shoal.storage import datasets
from shoal.storage.arrow_files import map_table
from shoal.storage.backend import Storage
from shoal.storage.datasets import Dataset
from shoal.storage.export import save_csv
from shoal.storage.files import FileStorage
from shoal.studies import running
from shoal.studies.kinds import register_kinds
from shoal.studies.model import Fit, Progress, Study, StudyState
from shoal.studies.plan import MAX_FITS, RANGES, StudyPlan
from shoal.studies.planning.budget import fit_budget
from shoal.studies.planning.estimate import Estimate, estimate
from shoal.studies.planning.intake import Intake, source_of, take_in
from shoal.studies.planning.presets import plan_of
from shoal.studies.results.archive import opened_column, recommended_mode
from shoal.studies.results.outputs import label_columns
from shoal.studies.store import stored
from shoal.studies.store.browsing import StudyFilter, find_studies
from shoal.studies.telling.document import document
from shoal.studies.telling.report import render_report
from tests.support.waiting import wait_until

OPENED = fault_point("tests.opened", "A test opens a fit.")
SMALL: dict[str, Any] = {"n_experiments": 2, "max_k": 5, "n_init": 3}


@dataclass(frozen=True, slots=True)
class Prepared:
    """Hold a study that could start: dataset, settled plan, what it will cost, what a budget changed."""

    dataset: Dataset
    intake: Intake
    estimate: Estimate
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Studies:
    """Start, change and read studies; `workers`, `max_k` and `max_fits` come from settings."""

    database: Database
    storage: Storage
    workers: int = 1
    max_k: int = RANGES["max_k"][1]
    max_fits: int = MAX_FITS

    def prepare(self, dataset: Dataset, plan: StudyPlan, budget: float | None = None) -> Prepared:
        """Settle a plan for a dataset and say what it will cost; `budget` (seconds) shrinks it.

        Raises:
            InvalidInput: the plan is over a limit, or the columns or rows cannot be used.
        """
        table = map_table(self.storage, dataset.key)
        whole = take_in(dataset.columns, table, plan, max_k=self.max_k, max_fits=self.max_fits)
        rows, columns = whole.facts["rows"], len(whole.choice.used)
        settled, changed = whole.plan, ""
        if budget is not None:
            settled, changed = fit_budget(settled, budget, rows, columns, self.workers)
        cost = estimate(settled, rows, columns, self.workers)
        return Prepared(dataset, Intake(settled, whole.facts, whole.choice), cost, changed)

    def start(self, prepared: Prepared, owner: str, name: str = "") -> Study:
        """Add a study and all its work, durably."""
        source, intake = source_of(prepared.dataset), prepared.intake
        return self.database.write(
            running.STARTED,
            lambda conn: running.start(
                conn, owner, source, intake.plan, intake.facts, name=name, workers=self.workers
            ),
        )

    def get(self, study: str, owner: str | None = None) -> Study:
        """Return a study by id, beginning of an id, or `last`; raises NotFound."""
        return self.database.read(lambda conn: stored.get(conn, study, owner))

    def list(self, owner: str | None = None, limit: int = 100) -> Sequence[Study]:
        """Return the newest studies."""
        return self.database.read(lambda conn: find_studies(conn, StudyFilter(owner), limit=limit))

    def fits(self, study: Study) -> Sequence[Fit]:
        """Return the fits that have ended, by id."""
        return self.database.read(lambda conn: stored.list_fits(conn, study.id))

    def progress(self, study: Study) -> Progress:
        """Return how far a study is."""
        return self.database.read(lambda conn: stored.progress(conn, study))

    def wait(self, study: Study, on_progress: Callable[[Progress], None] | None = None) -> Study:
        """Wait until a study has ended, telling how far it is."""

        def ended() -> Study | None:
            found = self.get(study.id)
            if on_progress is not None:
                on_progress(self.progress(found))
            return found if found.state != StudyState.running else None

        return wait_until(ended, timeout=120, on_timeout=lambda: self.progress(study)) or study

    def rerun(self, study: Study, fits: Sequence[int] | None = None) -> Study:
        """Run fits again: those named, or those that failed or never ran; see `running.rerun`."""
        return self.database.write(
            running.CHANGED,
            lambda conn: running.rerun(conn, stored.get(conn, study.id), fits, workers=self.workers),
        )

    def extend(self, study: Study, max_k: int | None = None) -> Study:
        """Try more clusters, by default twice as many; see `running.extend`."""
        most = min(2 * study.plan.max_k, study.facts["distinct"], self.max_k) if max_k is None else max_k
        return self.database.write(
            running.CHANGED,
            lambda conn: running.extend(
                conn,
                stored.get(conn, study.id),
                most,
                workers=self.workers,
                limits=(self.max_k, self.max_fits),
            ),
        )

    def opened(self, study: Study, fit: int) -> Sequence[int | None]:
        """Return the clusters of any fit, row by row."""
        job = self.database.write(OPENED, lambda conn: running.open_fit(conn, study, fit))
        result = waiting.wait(self.database, [job], timeout=60)[job].result
        found: Sequence[int | None] = opened_column(self.storage, result["artifact"]).to_pylist()
        return found

    def cancel(self, study: Study) -> Study:
        """Stop a study; see `running.cancel`."""
        return self.database.write(
            running.CHANGED, lambda conn: running.cancel(conn, stored.get(conn, study.id))
        )

    def remove(self, study: Study) -> None:
        """Delete a study that does not run; its dataset stays."""
        self.database.write(running.REMOVED, lambda conn: running.remove(conn, stored.get(conn, study.id)))

    def write(self, study: Study, folder: Path) -> dict[str, Path]:
        """Write report.html, labels.csv and study.json into a folder."""
        files = {name: folder / name for name in ("report.html", "labels.csv", "study.json")}
        dataset = self.database.read(lambda conn: datasets.get(conn, study.dataset, study.dataset_version))
        content = document(study, self.fits(study))
        folder.mkdir(exist_ok=True)
        files["report.html"].write_text(render_report(study, content))
        files["study.json"].write_bytes(orjson.dumps(content))
        labels = label_columns(self.storage, study, recommended_mode(study))
        save_csv(files["labels.csv"], self.storage, dataset, labels)
        return files


class Engine:
    """A home without a house: database, files, workers and studies."""

    def __init__(self, root: Path, url: str = "") -> None:
        """Open everything below a folder, or another database; the workers are not started."""
        register_kinds()
        self.root = root
        self.database: Database = open_database(url or f"sqlite:///{root / 'shoal.db'}")
        upgrade(self.database)
        self.storage = FileStorage(root / "files")
        self.supervisor = Supervisor(self.database, root / "files", 2, root / "logs")
        self.studies = Studies(self.database, self.storage, workers=2)

    def dataset(self, path: Path) -> Dataset:
        return datasets.add(self.database, self.storage, path)

    def start(self, path: Path, **options: Any) -> Study:
        prepared = self.studies.prepare(self.dataset(path), plan_of(SMALL | options))
        return self.studies.start(prepared, "local")

    def finished(self, study: Study) -> Study:
        ended = self.studies.wait(study)
        assert ended.state == StudyState.succeeded, ended.error
        return ended

    def run(self, path: Path, **options: Any) -> Study:
        return self.finished(self.start(path, **options))
