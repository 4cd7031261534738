"""The last job of a study: recommend, label, profile, and keep the labels."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.storage.arrow_files import map_table
from shoal.studies.model import Fit
from shoal.studies.plan import StudyPlan
from shoal.studies.results.parameters import Parameters, packed, unpacked
from shoal.studies.work.fitting import Work
from shoal.studies.work.rows import rows_at
from shoal.studies.work.summing import Outcome, sum_up


def run(spec: dict[str, Any], context: Work) -> dict[str, Any]:
    """Sum a study up from the scores in `spec` and the parameters in storage."""
    plan = StudyPlan.from_json(spec["plan"])
    rows = rows_at(context.files.path(spec["key"]), plan)
    fits = [Fit.from_json(row) for row in spec["fits"]]
    table = map_table(context.files, spec["key"])
    outcome = sum_up(rows, plan, spec["facts"], fits, _Kept(context).parameters, table)
    key = context.artifact("study.npz", archive(outcome, rows.matrix.rows, rows.matrix.dropped))
    return {"summary": outcome.summary, "artifact": key}


class _Kept:
    """Find parameters in the files of the jobs that made them; each file is read once."""

    def __init__(self, context: Work) -> None:
        self._context = context
        self._files: dict[str, dict[int, Parameters]] = {}

    def parameters(self, fit: Fit) -> Parameters:
        if fit.params not in self._files:
            self._files[fit.params] = unpacked(self._context.files.path(fit.params).read_bytes())
        return self._files[fit.params][fit.fit]


def archive(outcome: Outcome, rows: NDArray[np.int64], dropped: int) -> bytes:
    """Return labels, certainty and parameters of the recommended fits as one npz file.

    `labels:MODE` (n,) count from 0 over the clustered rows; `left_out` are the other rows of the table.
    """
    best = outcome.summary["best"]
    arrays: dict[str, Any] = {
        f"labels:{mode}": labels.astype(np.min_scalar_type(int(labels.max(initial=0))))
        for mode, labels in outcome.labels.items()
    }
    recommended = outcome.summary["recommended"]
    kept = {recommended[mode]["fit"]: parameters for mode, parameters in outcome.parameters.items()}
    arrays["parameters"] = np.frombuffer(packed(kept), np.uint8)
    arrays["certainty"] = np.zeros(0, np.float32) if outcome.certainty is None else outcome.certainty
    arrays["best"] = np.array(best["covariance"] if best else "", "U16")
    arrays["left_out"] = _others(rows, len(rows) + dropped)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _others(rows: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    out = np.ones(total, bool)
    out[rows] = False
    return np.flatnonzero(out)
