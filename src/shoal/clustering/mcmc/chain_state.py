"""Write the state of a chain down as plain facts and arrays, and take it back to the last bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.cells import RowBounds, Slots
from shoal.clustering.mcmc.chain import Chain
from shoal.clustering.mcmc.engine import Arrays, Knobs
from shoal.clustering.mcmc.measures import Lens
from shoal.clustering.mcmc.score import Yardstick
from shoal.clustering.mcmc.trials import Trial

FLAT = ("mass", "inner", "rise", "sink", "away", "widest")


def state_of_chain(chain: Chain) -> tuple[dict[str, Any], Arrays]:
    """Return what a chain is, but for its rows, its settings and its generator."""
    slots, bounds, trials = chain.slots, chain.bounds, chain.trials
    facts = {
        "yardstick": asdict(chain.yardstick),
        "power": chain.lens.power,
        "e": chain.e,
        "score": chain.score,
        "trials": [[slot, trial.gain, trial.of_mass] for slot, trial in trials.items()],
    }
    arrays: Arrays = {
        "lens": np.stack([chain.lens.offset, chain.lens.unit]),
        "centres": np.stack([slots.references, slots.sums]),
        "slots": np.stack([getattr(slots, name) for name in FLAT]),
        "cells": bounds.labels,
        "bounds": np.stack([bounds.upper, bounds.lower]),
        "weights": chain.weights,
    }
    if trials:
        arrays["halves"] = np.stack([trial.means for trial in trials.values()])
        arrays["half_masses"] = np.stack([trial.mass for trial in trials.values()])
        arrays["tried"] = np.stack([trial.of_mean for trial in trials.values()])
    return facts, arrays


def chain_of(
    facts: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    knobs: Knobs,
    random: RandomState,
    rows: Doubles,
) -> Chain:
    """Return the chain that was written down; without its rows it can only be synced anew."""
    _refuse_misshapen(arrays, knobs.max_k, len(rows), rows.shape[1])
    flat = dict(zip(FLAT, arrays["slots"].copy(), strict=True))
    references, sums = arrays["centres"].copy()
    lens = Lens(arrays["lens"][0], arrays["lens"][1], float(facts["power"]))
    upper, lower = arrays["bounds"].copy()
    trials = {
        int(slot): Trial(gain, arrays["halves"][i], arrays["half_masses"][i], of_mass, arrays["tried"][i])
        for i, (slot, gain, of_mass) in enumerate(facts["trials"])
        if 0 <= slot < knobs.max_k and arrays["halves"][i].shape == (2, rows.shape[1])
    }
    return Chain(
        knobs, random, lens, Yardstick(**facts["yardstick"]), np.ascontiguousarray(lens.see(rows)),
        arrays["weights"], Slots(references=references, sums=sums, **flat),
        RowBounds(arrays["cells"].copy(), upper, lower), float(facts["e"]), float(facts["score"]), trials,
    )  # fmt: skip


def _refuse_misshapen(arrays: Mapping[str, NDArray[Any]], room: int, count: int, columns: int) -> None:
    """Raise ValueError for arrays that do not belong together: kernels check no index."""
    cells = arrays["cells"]
    count = count or len(cells)
    shapes = {"lens": (2, columns), "centres": (2, room, columns), "slots": (len(FLAT), room)}
    shapes |= {"cells": (count,), "bounds": (2, count), "weights": (count,)}
    for name, shape in shapes.items():
        kind = np.int32 if name == "cells" else np.float64
        if arrays[name].shape != shape or arrays[name].dtype != kind or not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} is not as it was written")
    if cells.min(initial=0) < 0 or cells.max(initial=0) >= room or not (arrays["lens"][1] > 0).all():
        raise ValueError("cells is not as it was written")
