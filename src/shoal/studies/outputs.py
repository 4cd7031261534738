"""The files of a study, for people: labels.csv, study.json and report.html in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from shoal.base.faults import fault_point
from shoal.base.files import write_durably
from shoal.storage.backend import Storage
from shoal.storage.dataset import Dataset
from shoal.storage.export import save_csv
from shoal.studies.archive import open_archive, recommended_mode
from shoal.studies.document import document
from shoal.studies.model import Fit, Study
from shoal.studies.report import render_report

WRITTEN = fault_point("studies.output", "A file of a study's result is whole in the folder asked for.")
LABEL = "Label"


def write_outputs(
    folder: Path,
    storage: Storage,
    study: Study,
    dataset: Dataset,
    fits: Sequence[Fit],
    *,
    raw: bool = False,
) -> dict[str, str]:
    """Write a finished study's files and return their paths as `report`, `labels` and `json`.

    Without a recommended fit there are no labels, and that file is not written. `study.json` comes last: when
    it is there, the others are.

    Raises:
        Conflict: the study has no result.
        StorageFull, Forbidden: the folder cannot be written.
    """
    content = document(study, fits)
    files = {"report": folder / "report.html", "labels": folder / "labels.csv", "json": folder / "study.json"}
    write_durably(WRITTEN, files["report"], render_report(study, content).encode())
    if study.summary and study.summary["best"]:
        save_labels(files["labels"], storage, study, dataset, raw=raw)
    else:
        del files["labels"]
    write_durably(WRITTEN, files["json"], as_json(content))
    return {name: str(path) for name, path in files.items()}


def save_labels(
    path: Path,
    storage: Storage,
    study: Study,
    dataset: Dataset,
    *,
    mode: str | None = None,
    raw: bool = False,
) -> int:
    """Write the dataset's own columns and `Label`, the cluster's number from 1, empty for rows left out.

    Args:
        path: the file.
        storage: where the study's and the dataset's files are.
        study: a finished study.
        dataset: the one it was made over.
        mode: the covariance mode whose recommended fit to take; None: the best.
        raw: leave cells as they are that a spreadsheet would run.

    Raises:
        NotFound: nothing is recommended.
    """
    chosen = recommended_mode(study, mode)
    return save_csv(path, storage, dataset, label_columns(storage, study, chosen), raw=raw)


def label_columns(storage: Storage, study: Study, mode: str) -> dict[str, Any]:
    """Return the column of labels to add to the dataset's own."""
    return {LABEL: open_archive(storage, study).column(mode)}


def as_json(content: Any) -> bytes:
    """Return a document as indented JSON, with a line's end."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
