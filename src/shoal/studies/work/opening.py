"""The labels of any one fit of a study, made again when somebody asks for them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from shoal.studies.model import Fit
from shoal.studies.plan import StudyPlan
from shoal.studies.results.parameters import find
from shoal.studies.work.fitting import Work
from shoal.studies.work.rows import rows_at
from shoal.studies.work.summing import open_fit


def run(spec: dict[str, Any], context: Work) -> dict[str, Any]:
    """Make a fit's labels from its parameters, or by running it again where these do not tell them."""
    plan, fit = StudyPlan.from_json(spec["plan"]), Fit.from_json(spec["fit"])
    rows = rows_at(context.files.path(spec["key"]), plan)
    parameters = find(context.files.path(fit.params).read_bytes(), fit.fit)
    opened = open_fit(rows, plan, fit, lambda _: parameters)
    labels = np.zeros(len(rows.matrix.rows) + rows.matrix.dropped, np.int32)
    labels[rows.matrix.rows] = opened.labels + 1
    file = io.BytesIO()
    np.save(file, labels, allow_pickle=False)
    return {"fit": fit.fit, "artifact": context.artifact("labels.npy", file.getvalue())}
