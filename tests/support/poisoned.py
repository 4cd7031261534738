"""A module for the fork server to load: one fit of every study cannot be worked out while a file is there.

`POISONED` names the file; what it holds is `EXPERIMENT K COVARIANCE`. The mathematics of that one fit then
fails as a bad matrix would make it fail, and of no other.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from shoal.clustering.gaussians import fitting
from shoal.clustering.modes import mode_named

FILE = Path(os.environ["POISONED"])
_sound = fitting.fit_mode


def _fit_mode(*given: Any, **options: Any) -> Any:
    if FILE.exists() and _is_it(given, options):
        raise ArithmeticError("the matrix of this fit cannot be inverted")
    return _sound(*given, **options)


def _is_it(given: tuple[Any, ...], options: dict[str, Any]) -> bool:
    experiment, k, covariance = FILE.read_text().split()
    mode = mode_named(covariance)
    seed = fitting.fit_seed(0, int(experiment), int(k), mode)
    return given[1] == int(k) and bool(options["seed"] == seed)


fitting.fit_mode = _fit_mode
