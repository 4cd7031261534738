"""How often the jobs of an owner start: within any minute no more than allowed.

Starts are counted by the second and kept for a minute, so what is kept does not grow with the rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, update

from shoal.base.clock import SECOND
from shoal.jobs.store.tables import limits

WINDOW = 60
_WRITE = (
    update(limits)
    .where(limits.c.scope == "rate", limits.c.name == bindparam("owner"))
    .values(recent=bindparam("starts", type_=limits.c.recent.type), opens=bindparam("at"))
)


class Rate(NamedTuple):
    """At most `n` starts of an owner within a minute; `recent` holds seconds and how many started in each.

    `opens` is when the next may start, if one had to wait the last time that jobs were asked for.
    """

    owner: str
    n: int
    recent: Sequence[Sequence[int]]
    opens: int | None

    def within(self, moment: int) -> list[Sequence[int]]:
        """Return of `recent` what is not older than a minute; its first second counts whole."""
        return [entry for entry in self.recent if entry[0] + WINDOW + 1 > moment / SECOND]

    def left(self, moment: int) -> int:
        """Return how many may start now."""
        return self.n - sum(count for _, count in self.within(moment))

    def after(self, started: int, moment: int) -> Rate:
        """Return the rate after so many starts."""
        recent, second = self.within(moment), moment // SECOND
        if started:
            so_far = sum(count for at, count in recent if at == second)
            recent = [*(entry for entry in recent if entry[0] != second), [second, so_far + started]]
        full = self.n - sum(count for _, count in recent) < 1
        return self._replace(recent=recent, opens=_opens(recent) if full else None)


def record(conn: Connection, rates: Mapping[str, Rate], started: Mapping[str, int], moment: int) -> None:
    """Write down starts, and until when those must wait who may start no more."""
    after = [rate.after(started.get(owner, 0), moment) for owner, rate in sorted(rates.items())]
    changed = [new for new in after if new.opens != rates[new.owner].opens or started.get(new.owner)]
    if changed:
        conn.execute(_WRITE, [{"owner": r.owner, "starts": r.recent, "at": r.opens} for r in changed])


def _opens(recent: Sequence[Sequence[int]]) -> int | None:
    return (min(at for at, _ in recent) + WINDOW + 1) * SECOND if recent else None
