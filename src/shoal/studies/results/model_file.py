"""A recommended fit as a file that any program can label rows with: JSON or NumPy's npz, never a pickle.

A row x of the columns, in the file's units, belongs to the cluster with the largest score

    constants[k] - |whitening[k] (x - center) / scale - whitening[k] means[k]|^2 / 2

whose number, from 1, is its label. `whitening[k]` W has W'W = inverse covariance; of a diagonal or
spherical shape only the diagonal is kept, and tied clusters share one. `constants` are ln weight + ln |W|,
the logarithms of the mixture's density less a common term (McLachlan and Peel 2000, section 2.1), and 0 of
fits that assign by distance alone.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import orjson

from shoal.base import clock
from shoal.storage.arrow_files import map_table
from shoal.storage.backend import Storage
from shoal.storage.matrix import filling
from shoal.studies.model import Study
from shoal.studies.results.archive import open_archive, parameters_of, recommended_mode
from shoal.studies.results.parameters import Doubles, Parameters

FORMAT = "shoal-model/1"


def model_of(storage: Storage, study: Study, mode: str | None = None) -> dict[str, Any]:
    """Return the model of a study's recommended fit, the best or that of a mode: JSON-able but for arrays.

    Raises:
        Conflict: the study has no result.
        NotFound: it recommends no fit (for this mode).
    """
    kept = open_archive(storage, study)
    chosen = recommended_mode(study, mode)
    return _about(study, chosen) | _columns(storage, study) | _numbers(parameters_of(kept, study, chosen))


def as_json(model: dict[str, Any]) -> bytes:
    """Return a model as a JSON file."""
    plain = {name: _plain(value) for name, value in model.items()}
    return orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def as_npz(model: dict[str, Any]) -> bytes:
    """Return a model as an npz file, which `numpy.load` reads without pickles; it leaves out what is None."""
    file = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in model.items() if value is not None}
    np.savez(file, **arrays)
    return file.getvalue()


def _about(study: Study, mode: str) -> dict[str, Any]:
    fit = study.summary["recommended"][mode] if study.summary else None
    return {
        "format": FORMAT,
        "study": study.id,
        "name": study.name,
        "made": clock.isoformat(study.finished or study.started),
        "data": study.source["name"],
        "data_sha256": study.source["sha256"],
        "covariance": mode,
        "fit": fit and fit["fit"],
        "sizes": fit and fit["sizes"],
        "first_label": 1,
    }


def _columns(storage: Storage, study: Study) -> dict[str, Any]:
    columns, missing = study.plan.columns or (), study.plan.missing
    fill = filling(map_table(storage, study.source["key"]), columns) if missing == "impute" else None
    return {"columns": list(columns), "missing": missing, "fill": fill}


def _numbers(parameters: Parameters) -> dict[str, Any]:
    whitening = _whitening(parameters)
    logs = np.log(np.diagonal(whitening, axis1=-2, axis2=-1) if whitening.ndim == 3 else whitening).sum(
        axis=-1
    )
    constants = np.log(parameters.weights) + logs
    return {
        "center": parameters.center,
        "scale": parameters.scale,
        "weights": parameters.weights,
        "log_weights": np.log(parameters.weights),
        "means": parameters.means,
        "covariances": parameters.covariances,
        "whitening": whitening,
        "constants": constants if parameters.by_likelihood else np.zeros_like(constants),
    }


def _whitening(parameters: Parameters) -> Doubles:
    """Return W of each cluster: (k, d, d) or, of diagonals, (k, d); tied clusters share the only one."""
    mode = parameters.mode
    given = parameters.covariances[None] if mode.tied else parameters.covariances
    if mode.covariance == "full":
        return np.linalg.inv(np.linalg.cholesky(given))
    if mode.covariance == "spherical":
        given = np.repeat(given[:, None], parameters.means.shape[1], axis=1)
    return 1.0 / np.sqrt(given)


def _plain(value: Any) -> Any:
    # orjson writes only arrays that lie in one piece and have an axis.
    return value.tolist() if isinstance(value, np.ndarray) else value
