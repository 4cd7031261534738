"""What the last job of a study left in storage: labels, certainty, parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shoal.base.errors import Conflict, NotFound
from shoal.clustering.modes import mode_named
from shoal.storage.arrow_values import numbers
from shoal.storage.backend import Storage
from shoal.studies.model import Study
from shoal.studies.results.parameters import Parameters, find
from shoal.studies.wording import mode as in_words


@dataclass(frozen=True, eq=False)
class Kept:
    """Hold a finished study's arrays.

    `labels` by mode (n,) count from 0 over the clustered rows; `certainty` (n,) belongs to the best fit;
    `left_out` are the positions of the other rows of the table, which has `total` rows.
    """

    labels: dict[str, NDArray[np.int64]]
    certainty: NDArray[np.float32]
    left_out: NDArray[np.int64]
    total: int
    parameters: bytes

    def column(self, mode: str) -> pa.Array:
        """Return the clusters of a mode's recommended fit for every row of the table (from 1, or null)."""
        out = np.zeros(self.total, bool)
        out[self.left_out] = True
        clusters = np.zeros(self.total, np.int32)
        clusters[~out] = self.labels[mode].astype(np.int32) + 1
        return numbers(clusters, out)


def open_archive(storage: Storage, study: Study) -> Kept:
    """Return what a finished study left.

    Raises:
        Conflict: the study has no result yet.
        NotFound: its files were removed.
    """
    if study.summary is None:
        raise Conflict(f"The study {study.id} has no result yet.")
    with storage.open(study.artifact) as file, np.load(file, allow_pickle=False) as arrays:
        marked = [name for name in arrays.files if name.startswith("labels:")]
        return Kept(
            {name.removeprefix("labels:"): arrays[name] for name in marked},
            arrays["certainty"],
            arrays["left_out"],
            study.source["rows"],
            arrays["parameters"].tobytes(),
        )


def opened_column(storage: Storage, key: str) -> pa.Array:
    """Return the clusters (from 1, or null) that a job of `running.open_fit` made; `key` is in its result.

    Raises:
        NotFound: the file was removed.
    """
    with storage.open(key) as file:
        clusters = np.load(file, allow_pickle=False)
    return numbers(clusters, clusters == 0)


def recommended_mode(study: Study, mode: str | None = None) -> str:
    """Return the mode to take labels from: the best, or the one that is named.

    Raises:
        NotFound: the study recommends nothing, or nothing for this mode.
        InvalidParameter: there is no such mode.
    """
    best = study.summary["best"] if study.summary else None
    chosen = mode or (best["covariance"] if best else None)
    if study.summary is None or chosen is None:
        raise NotFound(f"The study {study.id} recommends no fit, so there are no labels.")
    if mode_named(chosen).name not in study.summary["recommended"]:
        raise NotFound(f"The study {study.id} recommends no fit for {in_words(chosen)}.")
    return mode_named(chosen).name


def parameters_of(kept: Kept, study: Study, mode: str) -> Parameters:
    """Return the parameters of a mode's recommended fit."""
    if study.summary is None:
        raise Conflict(f"The study {study.id} has no result yet.")
    return find(kept.parameters, study.summary["recommended"][mode]["fit"])
