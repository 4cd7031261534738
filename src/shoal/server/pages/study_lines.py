"""Studies as a list shows them: what each found, or how far it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from shoal.base import clock
from shoal.studies.model import Progress, Study, StudyState
from shoal.studies.store import stored
from shoal.studies.telling.brief import brief


class Line(NamedTuple):
    """One study: `told` is its answer, its progress or why it failed, in words."""

    study: Study
    told: str
    progress: Progress | None = None

    @property
    def k(self) -> int | None:
        """Return the recommended number of clusters."""
        best = self.study.summary["best"] if self.study.summary else None
        return best["k"] if best else None

    @property
    def shape(self) -> str | None:
        """Return the recommended covariance mode."""
        best = self.study.summary["best"] if self.study.summary else None
        return best["covariance"] if best else None


def lines(conn: Connection, studies: Iterable[Study]) -> list[Line]:
    """Return a line for each study; only those that run are asked how far they are."""
    return [_line(conn, study) for study in studies]


def _line(conn: Connection, study: Study) -> Line:
    if study.state == StudyState.running:
        progress = stored.progress(conn, study)
        return Line(study, progress.sentence((clock.now() - study.started) / clock.SECOND), progress)
    if study.state == StudyState.failed:
        return Line(study, study.error or "It failed.")
    if study.summary is not None:
        return Line(study, brief(study.summary))
    return Line(study, "Fits that had ended are kept.")
