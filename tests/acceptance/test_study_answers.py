"""What studies answer on real data, with the default plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.csv as pacsv
import pytest

from shoal.studies.notebook import study
from shoal.studies.results.agreement import adjusted_rand

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
PENGUINS = ROOT / "examples" / "penguins.csv"


def sample(name: str) -> Path:
    if not (SHARED / name).is_file():
        pytest.skip(f"the sample data {SHARED / name} is not here")
    return SHARED / name


def test_the_groups_of_the_penguins_are_their_species() -> None:
    found = study(PENGUINS)
    assert found.best is not None
    assert found.best["k"] == 3
    assert (found.summary["rows"], found.summary["fits"], found.summary["failed"]) == (342, 600, 0)
    species = np.array(pacsv.read_csv(PENGUINS).column("species").to_pylist())
    inside = found.labels > 0
    assert inside.sum() == 342
    assert adjusted_rand(species[inside], found.labels[inside]) > 0.9


def test_the_normal_sample_scores_at_least_what_is_known() -> None:
    found = study(sample("normal.csv"))
    assert found.best is not None
    assert (found.best["k"], found.best["covariance"]) == (3, "diag-tied")
    known = {
        "full-tied": -4432.92,
        "full-untied": -4454.92,
        "diag-tied": -4428.96,
        "diag-untied": -4443.57,
        "spher-tied": -5192.92,
        "spher-untied": -5207.32,
    }
    recommended = found.summary["recommended"]
    assert {mode for mode, bic in known.items() if recommended[mode]["bic"] < bic} == set()
    assert {recommended[mode]["k"] for mode in ("full-tied", "full-untied", "diag-tied", "diag-untied")} == {
        3
    }
    assert recommended["spher-untied"]["k"] == 10
    edges = [note["text"] for note in found.summary["notes"] if note["code"] == "edge-of-mode"]
    assert len(edges) == 1
    assert "spher-untied" in edges[0]
    assert found.answer.startswith("Your data falls into 3 groups (clusters) of 1,000, 1,000 and 1,000 rows.")
    assert "This is a firm result" in found.answer


def test_the_skewed_sample_scores_at_least_what_is_known() -> None:
    found = study(sample("Dataset-2.csv"))
    assert found.best is not None
    assert (found.best["k"], found.best["covariance"]) == (3, "full-untied")
    assert found.best["bic"] >= -6405.7
