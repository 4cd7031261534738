"""Hold elements of either kind, vectors in a table or series in a list, in arrays and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.online.snapshots import InvalidSnapshot
from shoal.clustering.spaces.space import Element, Elements


def gathered(elements: Sequence[Element]) -> Elements:
    """Return vectors as a table (n, d), series and no elements at all as a list."""
    if len(elements) and elements[0].ndim == 1:
        return np.stack(elements)
    return list(elements)


def chosen(elements: Elements, places: NDArray[np.integer[Any]]) -> Elements:
    """Return the elements at some places."""
    return elements[places] if isinstance(elements, np.ndarray) else [elements[place] for place in places]


def as_arrays(name: str, elements: Elements) -> dict[str, NDArray[Any]]:
    """Return elements as one array `name`, and the lengths of series as `name_lengths`."""
    if isinstance(elements, np.ndarray):
        return {name: elements}
    lengths = np.array([len(one) for one in elements], np.int64)
    flat = np.concatenate(list(elements)) if len(elements) else np.empty((0, 0))
    return {name: flat, f"{name}_lengths": lengths}


def from_arrays(name: str, arrays: Mapping[str, NDArray[Any]]) -> Elements:
    """Return the elements that `as_arrays` put into arrays; raise `InvalidSnapshot` for anything else."""
    if name not in arrays or arrays[name].ndim != 2 or arrays[name].dtype != np.float64:
        raise InvalidSnapshot(f"{name} are not in this snapshot.", hint="Give them, or export it again.")
    if f"{name}_lengths" not in arrays:
        return arrays[name]
    lengths = arrays[f"{name}_lengths"]
    if lengths.dtype != np.int64 or lengths.sum() != len(arrays[name]) or (lengths < 1).any():
        raise InvalidSnapshot(f"{name} of this snapshot are cut off.", hint="Export it again.")
    ends = np.cumsum(lengths)
    return [np.array(one) for one in np.split(arrays[name], ends[:-1])] if ends.size else []
