"""What is asked of a live task, from options by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.base.ending import Ending

# Where an option belongs; every other one is the algorithm's. The server judges them all.
OF_TASK = frozenset({"columns", "variables", "identifier", "predictions", "dataset", "shards"})
OF_PACE = frozenset(
    {
        *("iter", "data_per_iter", "iter_per_data", "iter_freq", "data_freq"),
        *("timeout", "num_cpu", "parallel", "until"),
    }
)
Wish = dict[str, Any]


def wish_of(name: str | None, algorithm: str | Mapping[str, Any] | None, options: Mapping[str, Any]) -> Wish:
    """Return the body of a request: options of the task at the top, the others below `algorithm` and `pace`.

    >>> wish_of("a", "kmeans", {"k": 3, "iter": 20, "columns": ("x", "y")})
    {'name': 'a', 'columns': ['x', 'y'], 'algorithm': {'name': 'kmeans', 'k': 3}, 'pace': {'iter': 20}}
    """
    given = {option: _jsonable(value) for option, value in options.items()}
    wish: Wish = {} if name is None else {"name": name}
    wish |= {option: value for option, value in given.items() if option in OF_TASK}
    known = OF_TASK | OF_PACE
    chosen = {"name": algorithm} if isinstance(algorithm, str) else dict(algorithm or {})
    chosen |= {option: value for option, value in given.items() if option not in known}
    pace = {option: value for option, value in given.items() if option in OF_PACE}
    return wish | ({"algorithm": chosen} if chosen else {}) | ({"pace": pace} if pace else {})


def _jsonable(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Ending):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
