"""Make random numbers whose state can be written down."""

from __future__ import annotations

from typing import Any

from numpy.random import PCG64, RandomState

from shoal.clustering.limits import InvalidParameter


def generator(random_state: int | RandomState | None) -> RandomState:
    """Return a generator of its own from a seed, from another generator, or from the machine's entropy."""
    if isinstance(random_state, RandomState):
        return RandomState(PCG64(int(random_state.randint(2**31))))
    try:
        return RandomState(PCG64(random_state))
    except (TypeError, ValueError) as error:
        raise InvalidParameter(
            f"random_state={random_state!r} is no seed.", hint="Give a whole number from 0 upwards, or None."
        ) from error


def state_of(random: RandomState) -> dict[str, Any]:
    """Return the state of a generator as plain numbers."""
    return dict(random.get_state(legacy=False))


def resumed(state: dict[str, Any]) -> RandomState:
    """Return a generator that goes on from a state."""
    random = RandomState(PCG64(0))
    random.set_state(state)
    return random
