"""The kinds of job a study is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.jobs.kinds import Kind, register
from shoal.studies.figures.submission import record_finished_and_draw
from shoal.studies.store.recording import record_failure, record_fits, record_gathered


def files_of(spec: Mapping[str, Any]) -> list[str]:
    """Return the storage keys that a study's job reads: the dataset, and what other jobs of it wrote."""
    fits = [*spec.get("fits", ()), spec.get("fit")]
    params = [fit.get("params") for fit in fits if isinstance(fit, Mapping)]
    return [key for key in (spec.get("key"), spec.get("artifact"), *params) if key]


# Fits run in batches; `gather` waits for all of them, however they end, and hands their scores to `finish`,
# which sums up.
FITS = Kind(
    "study.fits",
    run="shoal.studies.work.fitting:run",
    record=record_fits,
    mourn=record_failure,
    inputs=files_of,
)
GATHER = Kind(
    "study.gather", run="shoal.studies.work.relay:run", record=record_gathered, mourn=record_failure
)
FINISH = Kind(
    "study.finish",
    run="shoal.studies.work.finishing:run",
    record=record_finished_and_draw,
    mourn=record_failure,
    inputs=files_of,
)
# The labels of a fit that is not recommended are made when somebody opens it.
OPEN = Kind("study.open", run="shoal.studies.work.opening:run", inputs=files_of)
# One figure in one format, or all of them as the album of a study.
DRAW = Kind("study.draw", run="shoal.studies.figures.drawing:run", inputs=files_of)
KINDS = (FITS, GATHER, FINISH, OPEN, DRAW)


def register_kinds() -> None:
    """Make the kinds known to this process."""
    for kind in KINDS:
        register(kind)
