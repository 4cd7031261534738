"""How many more jobs an owner may hand in: taken when one joins the queue, given back when it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, select, update

from shoal.base.errors import InvalidInput, TooManyRequests
from shoal.base.prepared import Prepared
from shoal.base.transaction import insert_into, one_of
from shoal.jobs import kinds
from shoal.jobs.store.tables import jobs, quotas

_LEFT = Prepared(
    select(quotas.c.remaining).where(quotas.c.owner == bindparam("whose")).with_for_update(), "whose"
)
_ADD = (
    update(quotas)
    .where(quotas.c.owner == bindparam("whose"))
    .values(remaining=quotas.c.remaining + bindparam("more"))
)
_RETURNED = Prepared(
    update(jobs)
    .where(one_of(jobs.c.id, "ids"), jobs.c.charged)
    .values(charged=False)
    .returning(jobs.c.owner),
    "ids",
)


def grant(conn: Connection, owner: str, n: int | None) -> None:
    """Let an owner hand in n more charged jobs, whatever was left before; None lifts the bound.

    Raises:
        InvalidInput: n is not a number from 0.
    """
    if n is not None and not 0 <= n < 2**63:
        raise InvalidInput("A quota is a number from 0.")
    if n is None:
        conn.execute(delete(quotas).where(quotas.c.owner == owner))
    else:
        insert = insert_into(conn, quotas).values(owner=owner, remaining=n)
        conn.execute(insert.on_conflict_do_update(index_elements=["owner"], set_={"remaining": n}))


def left(conn: Connection, owner: str) -> int | None:
    """Return how many charged jobs an owner may still hand in, None for any number."""
    return conn.execute(select(quotas.c.remaining).where(quotas.c.owner == owner)).scalar()


def every(conn: Connection) -> dict[str, int]:
    """Return how many charged jobs each owner who has a quota may still hand in."""
    return {owner: n for owner, n in conn.execute(select(quotas.c.owner, quotas.c.remaining))}


def is_charged(kind: str) -> bool:
    """Say whether jobs of a kind count."""
    known = kinds.registered().get(kind)
    return known is not None and known.charged


def charge(conn: Connection, owner: str, n: int) -> bool:
    """Take n jobs off an owner's quota; False when the owner has none.

    Raises:
        TooManyRequests: fewer are left; nothing is taken.
    """
    remaining = next((row[0] for row in _LEFT.rows(conn, owner)), None) if n else None
    if remaining is None:
        return False
    if remaining < n:
        raise TooManyRequests(
            f"{owner} may hand in {remaining} more jobs, and this is {n}.",
            hint="Ask an admin for more.",
            code="quota_used_up",
            left=remaining,
        )
    conn.execute(_ADD, {"whose": owner, "more": -n})
    return True


def charge_for(conn: Connection, joining: Iterable[tuple[str, str]]) -> set[str]:
    """Take jobs, each given as owner and kind, off their owners' quotas; return the owners who have one.

    Raises:
        TooManyRequests: an owner has too few left.
    """
    wanted = Counter(owner for owner, kind in joining if is_charged(kind))
    return {owner for owner, n in sorted(wanted.items()) if charge(conn, owner, n)}


def give_back(conn: Connection, ids: Sequence[int]) -> None:
    """Give the owners back what jobs that did not succeed had cost them."""
    returned: Mapping[str, int] = Counter(owner for (owner,) in _RETURNED.rows(conn, list(ids)))
    if returned:
        conn.execute(_ADD, [{"whose": owner, "more": n} for owner, n in sorted(returned.items())])
