"""Make estimators out of plain names and numbers: the one place that knows which name stands for which.

A live algorithm takes rows with `absorb`, does one iteration with `iterate`, and can be written down and
restored to the last bit at any moment; see `LiveAlgorithm`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.limits import InvalidParameter
from shoal.clustering.spaces.live import in_space
from shoal.clustering.spaces.named import space_named
from shoal.clustering.spaces.space import Space

Plain = Mapping[str, Any]


class LiveAlgorithm(Protocol):
    """What an estimator offers that follows rows which keep arriving; rows are elements of its space."""

    n_clusters_: int
    n_iter_: int
    n_rows_seen_: int
    cluster_centers_: Any
    counts_: NDArray[np.float64]
    labels_: NDArray[np.int32]
    frame_: Any
    metrics_: Mapping[str, float]
    settled_: bool

    def __sklearn_is_fitted__(self) -> bool:
        """Say whether rows came yet."""

    def absorb(self, X: Any) -> Any:
        """Take rows, without an iteration."""

    def iterate(self) -> bool:
        """Do one iteration; return whether it counts."""

    def reset(self) -> Any:
        """Forget centres and counters, keep the rows of the frame."""

    def predict(self, X: Any) -> NDArray[np.int32]:
        """Return the cluster of each row."""

    def set_params(self, **params: Any) -> Any:
        """Change parameters from the next iteration on."""

    def snapshot(self, *, frame: bool = True) -> bytes:
        """Return all that is needed to go on."""


# Names of a wish's fields, and of each estimator's parameters for them; the later of two wins.
_SHARED = {"scale": "scale", "random_state": "random_state"}
_RULE = {"mu": "mu", "sigma": "sigma", "out_ratio": "out_ratio", "out_after": "out_after"}
_GROUPING = {"max_k": "max_k", "amp": "amp", "b": "b", "method": "method"}
_KMEANS = {"k": "n_clusters", "init": "init", "given": "init"}
_FIELDS: Mapping[str, Mapping[str, str]] = {
    "FrameKMeans": {**_SHARED, **_KMEANS, "frame_size": "frame_size"},
    "OnlineKMeans": {**_SHARED, **_KMEANS, "half_life": "half_life"},
    "MCMCClusterer": {
        **_SHARED, **_GROUPING, "init_k": "init_k", "shape": "shape", "min_share": "min_share",
        "frame_size": "frame_size",
    },
    "StreamingClusterer": {**_SHARED, **_GROUPING, **_RULE, "half_life": "half_life"},
}  # fmt: skip
_MODULES = {
    "FrameKMeans": "frame_kmeans",
    "OnlineKMeans": "online_kmeans",
    "MCMCClusterer": "mcmc_clusterer",
    "StreamingClusterer": "streaming_clusterer",
}
_FIXED = ("space", "inner_space", "window", "random_state")
_ONE_PASS = ("OnlineKMeans", "StreamingClusterer")


def build(algorithm: Plain) -> LiveAlgorithm:
    """Return an estimator that has had no rows.

    Raises:
        InvalidParameter: there is no such algorithm, or a parameter cannot be.
    """
    return cast(LiveAlgorithm, _class(algorithm)(**parameters(algorithm)))


def restore(algorithm: Plain, data: bytes, frame: Any = None) -> LiveAlgorithm:
    """Return an estimator that goes on from a snapshot; `frame` are the rows of one without them."""
    return cast(LiveAlgorithm, _class(algorithm).restore(data, frame))


def kept(before: Plain, after: Plain) -> bool:
    """Say whether an estimator can go on with its centres when what is wished changes."""
    return _name(before) == _name(after) and all(before[name] == after[name] for name in _FIXED)


def retune(estimator: LiveAlgorithm, before: Plain, after: Plain) -> None:
    """Change an estimator's parameters, where `kept` allows it, from its next iteration on."""
    old, new = parameters(before), parameters(after)
    defaults = _class(after)().get_params()
    gone = {name: defaults[name] for name in old if name not in new}
    changed = {name: value for name, value in new.items() if name not in old or old[name] != value}
    estimator.set_params(**gone, **changed)


def space_of(algorithm: Plain) -> Space:
    """Return the space in which rows are compared."""
    return space_named(algorithm["space"], algorithm["inner_space"], algorithm["window"])


def is_one_pass(algorithm: Plain) -> bool:
    """Say whether each row is looked at once, in the order of their coming, and need not be kept."""
    return _name(algorithm) in _ONE_PASS


def shows_frame(algorithm: Plain) -> bool:
    """Say whether `frame_` is all the rows that an estimator needs to go on."""
    return _name(algorithm) != "OnlineKMeans"


def counts_rows(algorithm: Plain) -> bool:
    """Say whether each row counts as an iteration."""
    return bool(algorithm["name"] == "streaming")


def _name(algorithm: Plain) -> str:
    match algorithm["name"]:
        case "kmeans":
            online = algorithm["flow"] or algorithm["half_life"] is not None
            return "OnlineKMeans" if online else "FrameKMeans"
        case "mcmc":
            return "MCMCClusterer"
        case "streaming":
            return "StreamingClusterer"
        case other:
            raise InvalidParameter(
                f"There is no algorithm {other!r}.", hint="Choose kmeans, mcmc, streaming."
            )


def _class(algorithm: Plain) -> Any:
    name = _name(algorithm)
    plain = getattr(import_module(f"shoal.clustering.{_MODULES[name]}"), name)
    return in_space(plain, "series") if algorithm["space"] == "series" else plain


def parameters(algorithm: Plain) -> dict[str, Any]:
    """Return an estimator's parameters as far as they are given; the others stay as by default."""
    name = _name(algorithm)
    given = {to: algorithm[field] for field, to in _FIELDS[name].items() if algorithm[field] is not None}
    if name == "MCMCClusterer":
        given["outliers"] = bool(algorithm["min_share"])  # Who names a share wants to see what is below it.
        if algorithm["max_k"] is None and (algorithm["init_k"] or 0) > _MOST:
            given["max_k"] = algorithm["init_k"]
    if name in _ONE_PASS and algorithm["frame_size"]:
        given["frame_size"] = algorithm["frame_size"]
    if algorithm["space"] == "series":
        given |= {"inner_space": algorithm["inner_space"], "window": algorithm["window"]}
        known = _class(algorithm)().get_params()
        return {name: value for name, value in given.items() if name in known}
    return given


_MOST = 64  # clusters that MCMCClusterer looks for when nothing is said
