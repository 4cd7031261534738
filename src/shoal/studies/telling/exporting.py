"""A study's fits as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Literal

import orjson

from shoal.studies.model import Fit

Format = Literal["csv", "json"]
COLUMNS = (
    "fit", "experiment", "k", "covariance", "state", "bic", "aic", "icl", "log_likelihood", "smallest",
    "sizes", "seconds", "degenerate", "error",
)  # fmt: skip


def fits_as(form: Format, fits: Sequence[Fit]) -> bytes:
    """Return all fits as CSV (sizes separated by blanks) or as a JSON list; scores are higher-is-better."""
    if form == "csv":
        return _as_csv(fits)
    return orjson.dumps(
        [fit.as_json() for fit in fits], option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )


def _as_csv(fits: Sequence[Fit]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for fit in fits:
        row = fit.as_json() | {"smallest": fit.smallest, "sizes": " ".join(map(str, fit.sizes))}
        writer.writerow({name: "" if row[name] is None else row[name] for name in COLUMNS})
    return out.getvalue().encode()
