"""A study's fits as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from shoal.base.files import write_durably
from shoal.studies.model import Fit
from shoal.studies.outputs import WRITTEN, as_json

Format = Literal["csv", "json"]
COLUMNS = (
    "fit", "experiment", "k", "covariance", "state", "bic", "aic", "icl", "log_likelihood", "smallest",
    "sizes", "seconds", "degenerate", "error",
)  # fmt: skip


def fits_as(form: Format, fits: Sequence[Fit]) -> bytes:
    """Return all fits as CSV (sizes separated by blanks) or as a JSON list; scores are higher-is-better."""
    return as_json([fit.as_json() for fit in fits]) if form == "json" else _as_csv(fits)


def save_fits(path: Path, fits: Sequence[Fit]) -> None:
    """Write all fits into a file, as JSON if its name ends so, else as CSV."""
    write_durably(WRITTEN, path, fits_as("json" if path.suffix == ".json" else "csv", fits))


def _as_csv(fits: Sequence[Fit]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for fit in fits:
        row = fit.as_json() | {"smallest": fit.smallest, "sizes": " ".join(map(str, fit.sizes))}
        writer.writerow({name: "" if row[name] is None else row[name] for name in COLUMNS})
    return out.getvalue().encode()
