"""Times that were written before a clock was set back: nobody waits until it is that late again."""

from __future__ import annotations

from collections.abc import Iterable

from shoal.infra.model import Instance
from shoal.infra.passes.journal import Change

_SINCE = ("since", "failing_since", "missing_since")


def brought_back(instances: Iterable[Instance], now: int) -> list[Change]:
    """Return the changes of rows in which something begins later than now."""
    found: list[Change] = []
    for one in instances:
        if ahead := [name for name in _SINCE if (getattr(one, name) or 0) > now]:
            found.append({"id": one.id, "was": one.state, **dict.fromkeys(ahead, now)})
    return found
