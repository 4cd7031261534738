"""A study's fits as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from shoal.studies.model import Fit

COLUMNS = (
    "fit", "experiment", "k", "covariance", "state", "bic", "aic", "icl", "log_likelihood", "smallest",
    "sizes", "seconds", "degenerate", "error",
)  # fmt: skip


def fits_as_csv(fits: Sequence[Fit]) -> bytes:
    """Return all fits as CSV, sizes separated by blanks; scores are higher-is-better."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for fit in fits:
        row = fit.as_json() | {"smallest": fit.smallest, "sizes": " ".join(map(str, fit.sizes))}
        writer.writerow({name: "" if row[name] is None else row[name] for name in COLUMNS})
    return out.getvalue().encode()
