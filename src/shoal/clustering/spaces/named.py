"""Find a space by its name."""

from __future__ import annotations

from typing import Literal, cast

from shoal.clustering.limits import InvalidParameter
from shoal.clustering.spaces.complex_vectors import COMPLEX
from shoal.clustering.spaces.cosinus import COSINUS
from shoal.clustering.spaces.euclid import EUCLID
from shoal.clustering.spaces.series import Series
from shoal.clustering.spaces.space import Space
from shoal.clustering.spaces.warping import Inner

Name = Literal["euclid", "cosinus", "complex", "series"]

# "real" and "vectors" are what older systems call Euclid's.
_ALIASES = {"real": "euclid", "vectors": "euclid", "cosine": "cosinus"}
_SPACES: dict[str, Space] = {space.name: space for space in (EUCLID, COSINUS, COMPLEX)}


def space_named(name: str, inner_space: str = "euclid", window: int = 0) -> Space:
    """Return a space; `inner_space` (euclid or cosinus) and `window` (steps, 0 for none) are for series.

    Raises `InvalidParameter` for what there is not.
    """
    name, inner = _ALIASES.get(name, name), _ALIASES.get(inner_space, inner_space)
    if name == "series":
        if inner not in ("euclid", "cosinus") or window < 0:
            raise InvalidParameter(
                f"Series cannot be compared by inner_space={inner_space!r}, window={window!r}.",
                hint="The inner space is euclid or cosinus, the window a whole number from 0 upwards.",
            )
        return Series(cast(Inner, inner), int(window))
    if name not in _SPACES:
        raise InvalidParameter(
            f"There is no space {name!r}.", hint=f"Choose among: {', '.join((*_SPACES, 'series'))}."
        )
    return _SPACES[name]
