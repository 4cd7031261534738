"""The column of labels that a study adds to a file."""

from __future__ import annotations

from typing import Any

from shoal.storage.backend import Storage
from shoal.studies.model import Study
from shoal.studies.results.archive import open_archive

LABEL = "Label"


def label_columns(storage: Storage, study: Study, mode: str) -> dict[str, Any]:
    """Return the column to add to the dataset's own: a mode's clusters from 1, null for rows left out."""
    return {LABEL: open_archive(storage, study).column(mode)}
