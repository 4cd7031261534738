"""How far a study is: counts that add up, what leads, what failed, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from shoal.base import clock, events
from shoal.jobs.states import State
from shoal.jobs.store import reading
from shoal.jobs.store.explaining import nobody_for
from shoal.server.api.paging import LARGEST
from shoal.studies.kinds import FITS
from shoal.studies.model import Fit, Progress, Study, StudyState
from shoal.studies.store import browsing, stored
from shoal.studies.store.browsing import Failure, FitFilter
from shoal.studies.store.recording import TOPIC
from shoal.studies.store.tables import fits
from shoal.studies.wording import counted, mode

AT_WORK = frozenset({State.RUNNING, State.CANCELLING})
# Enough to find one whose smallest cluster is large enough.
LEADERS, HAPPENINGS = 20, 100


@dataclass(frozen=True)
class Standing:
    """Hold how far a study's present run is.

    `running` fits are in the hands of workers; done, running and queued add up to the run's total.
    `kept` counts the fits with a result over all runs, `fits` all that the plan has. `nobody` says what to do
    when no worker would take them.
    """

    study: Study
    progress: Progress
    running: int
    failures: Sequence[Failure]
    leader: Fit | None
    happenings: Sequence[tuple[int, str]]
    kept: int
    fits: int
    nobody: str

    @property
    def queued(self) -> int:
        """Return how many fits wait."""
        return self.progress.total - self.progress.done - self.running

    @property
    def sentence(self) -> str:
        """Return `428 of 600 fits, 71%. About 4 s left, 43 fits/s.`"""
        told = self.progress.sentence((clock.now() - self.study.started) / clock.SECOND)
        if self.progress.done >= self.progress.total:
            return f"{told} Now it is summed up."
        if self.running or self.progress.done:
            return told
        return f"{told} {self.nobody or 'It waits for a worker.'}"

    @property
    def lead(self) -> str:
        """Return what leads so far, empty before anything does."""
        if self.leader is None:
            return ""
        best = f"{counted(self.leader.k, 'cluster')} {'leads' if self.leader.k == 1 else 'lead'}"
        return f"So far: {best} ({mode(self.leader.covariance)}). This can still change."

    @property
    def failed(self) -> int:
        """Return how many fits have failed, over all runs."""
        return sum(failure.times for failure in self.failures)


def standing(conn: Connection, study: Study) -> Standing:
    """Return how far a study is."""
    progress = stored.progress(conn, study)
    runs = study.state == StudyState.running
    kept = select(func.count(fits.c.fit.distinct())).where(fits.c.study == study.id)
    return Standing(
        study,
        progress,
        _at_work(conn, study, progress) if runs else 0,
        browsing.failures(conn, study.id),
        _leader(conn, study) if runs else None,
        _happenings(conn, study),
        conn.execute(kept).scalar_one(),
        study.plan.n_fits,
        nobody_for(conn, FITS.name) if runs else "",
    )


def _leader(conn: Connection, study: Study) -> Fit | None:
    """Return the best fit so far that could be recommended."""
    wanted = FitFilter(study=study.id, state="succeeded")
    best = browsing.find_fits(conn, wanted, sort="bic", limit=LEADERS)
    return next((found.fit for found in best if _counts(found.fit, study)), None)


def _counts(fit: Fit, study: Study) -> bool:
    return not fit.degenerate and fit.smallest >= (study.plan.min_members or 1)


def _at_work(conn: Connection, study: Study, progress: Progress) -> int:
    made = stored.jobs_of(conn, study)
    states = reading.states(conn, list(made))
    held = sum(len(ids) for job, ids in made.items() if states.get(job) in AT_WORK)
    return min(held, progress.total - progress.done)


def _happenings(conn: Connection, study: Study) -> list[tuple[int, str]]:
    found = events.before(conn, LARGEST, TOPIC, HAPPENINGS, subject=study.id)
    return [(event.at, _in_words(event)) for event in reversed(found)]


def _in_words(event: events.Event) -> str:
    data = event.data
    match event.kind:
        case "started":
            return f"Started: {counted(data['fits'], 'fit')} in {counted(data['jobs'], 'job')}."
        case "fits":
            failed = f", {data['failed']:,} of them failed" if data["failed"] else ""
            return f"{counted(data['done'], 'fit')} ended{failed}."
        case "running":
            return "Runs again."
        case kind:
            return f"{kind.capitalize()}."
