"""How long something is borne before it counts: an empty answer is no death certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Seconds until a machine that was made is listed for certain.
_LISTED = {"process": 0.0, "docker": 0.0, "hosts": 0.0, "simulated": 3.0}


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. What a provider does not show is gone only when two looks say so, so far apart:

    `missing` for a machine that was shown before, `fresh` for one that never was (or what its provider is
    known to take), `leaving` for one that was dropped. A replacement waits `swap` at most until what it
    replaces is gone. `retry` is the first pause before a call is made again; pauses double up to `slowest`.
    """

    missing: float = 15.0
    fresh: float = 60.0
    leaving: float = 1.0
    swap: float = 60.0
    retry: float = 1.0
    slowest: float = 30.0
    listed: Mapping[str, float] = field(default_factory=lambda: dict(_LISTED))

    def until_shown(self, provider: str) -> float:
        """Return how long a provider may not show a machine that it has made."""
        return max(self.listed.get(provider, self.fresh), self.leaving)

    def pause(self, tries: int) -> float:
        """Return how long to wait after so many calls that failed."""
        return float(min(self.retry * 2 ** max(0, tries - 1), self.slowest))
