"""Studies as commands and the server use them: one object over a database and a storage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shoal.base.database import Database
from shoal.storage import dataset as datasets
from shoal.storage.arrow_files import map_table
from shoal.storage.backend import Storage
from shoal.storage.dataset import Dataset
from shoal.studies import running, stored
from shoal.studies.budget import fit_budget
from shoal.studies.estimate import Estimate, estimate
from shoal.studies.intake import Intake, source_of, take_in
from shoal.studies.model import Fit, Progress, Study
from shoal.studies.outputs import write_outputs
from shoal.studies.plan import MAX_FITS, RANGES, StudyPlan
from shoal.studies.waiting import OnProgress, wait


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
        return self.database.read(lambda conn: stored.list_studies(conn, owner, limit))

    def fits(self, study: Study) -> Sequence[Fit]:
        """Return the fits that have ended, by id."""
        return self.database.read(lambda conn: stored.list_fits(conn, study.id))

    def progress(self, study: Study) -> Progress:
        """Return how far a study is."""
        return self.database.read(lambda conn: stored.progress(conn, study))

    def dataset(self, study: Study) -> Dataset:
        """Return the dataset that a study is over; raises NotFound."""
        return self.database.read(lambda conn: datasets.get(conn, study.dataset, study.dataset_version))

    def wait(
        self,
        study: Study,
        on_progress: OnProgress | None = None,
        timeout: float | None = None,
        guard: Callable[[], None] | None = None,
    ) -> Study:
        """Wait until a study has ended; see `waiting.wait`."""
        return wait(self.database, study.id, on_progress, timeout, guard=guard)

    def rerun(self, study: Study, fits: Sequence[int] | None = None) -> Study:
        """Run fits again: those named, or those that failed or never ran; see `running.rerun`."""
        return self.database.write(
            running.CHANGED,
            lambda conn: running.rerun(conn, stored.get(conn, study.id), fits, workers=self.workers),
        )

    def extend(self, study: Study, max_k: int | None = None) -> Study:
        """Try more clusters, by default twice as many; see `running.extend`."""
        most = min(2 * study.plan.max_k, study.facts["rows"], self.max_k) if max_k is None else max_k
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

    def cancel(self, study: Study) -> Study:
        """Stop a study; see `running.cancel`."""
        return self.database.write(
            running.CHANGED, lambda conn: running.cancel(conn, stored.get(conn, study.id))
        )

    def remove(self, study: Study) -> None:
        """Delete a study that does not run; its dataset stays."""
        self.database.write(running.REMOVED, lambda conn: running.remove(conn, stored.get(conn, study.id)))

    def write(self, study: Study, folder: Path, *, raw: bool = False) -> dict[str, str]:
        """Write report.html, labels.csv and study.json into a folder; see `outputs.write_outputs`."""
        return write_outputs(folder, self.storage, study, self.dataset(study), self.fits(study), raw=raw)
