"""What another program needs to recompute a study's numbers from what is exported."""

from __future__ import annotations

from typing import Any

from shoal.studies.model import Study
from shoal.studies.results.quality import MOST_ROWS
from shoal.studies.results.quality import STREAM as MEASURED
from shoal.studies.results.scoring import BOUNDS, RESAMPLINGS


def recomputing(study: Study) -> dict[str, Any]:
    """Return seeds and rules; `docs/reference/numbers.md` has the whole way for each number."""
    seed = study.plan.seed
    return {
        "bootstrap": {
            "resamplings": RESAMPLINGS,
            "percentiles": list(BOUNDS),
            "seed": [seed, "n"],
            "rule": "Of the n counted repeats of a shape and k, ordered by fit: "
            "numpy.random.default_rng(seed).integers(n, size=(resamplings, n)) picks; "
            "numpy.percentile of the means of the picked rows bounds the mean.",
        },
        "silhouette": {
            "most_rows": MOST_ROWS,
            "seed": [seed, MEASURED],
            "rule": "Of more than most_rows clustered rows, in the file's order: sorted("
            "numpy.random.default_rng(seed).choice(rows, most_rows, replace=False)).",
        },
        "scaling": {
            "scaled": study.plan.scale,
            "rule": "If scaled, each column less its mean, divided by its standard deviation (ddof 0), over "
            "the clustered rows. Gaps are the column's median when missing is impute.",
        },
    }
