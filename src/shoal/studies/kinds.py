"""The kinds of job a study is made of."""

from __future__ import annotations

from shoal.jobs.kinds import Kind, register
from shoal.studies.figures.submission import record_finished_and_draw
from shoal.studies.store.recording import record_failure, record_fits, record_gathered

# Fits run in batches; `gather` waits for all of them, however they end, and hands their scores to `finish`,
# which sums up.
FITS = Kind("study.fits", run="shoal.studies.work.fitting:run", record=record_fits, mourn=record_failure)
GATHER = Kind(
    "study.gather", run="shoal.studies.work.relay:run", record=record_gathered, mourn=record_failure
)
FINISH = Kind(
    "study.finish",
    run="shoal.studies.work.finishing:run",
    record=record_finished_and_draw,
    mourn=record_failure,
)
# The labels of a fit that is not recommended are made when somebody opens it.
OPEN = Kind("study.open", run="shoal.studies.work.opening:run")
# One figure in one format, or all of them as the album of a study.
DRAW = Kind("study.draw", run="shoal.studies.figures.drawing:run")
KINDS = (FITS, GATHER, FINISH, OPEN, DRAW)


def register_kinds() -> None:
    """Make the kinds known to this process."""
    for kind in KINDS:
        register(kind)
