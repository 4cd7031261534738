"""The filter that lists use, which agrees with `decide` on reading."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, or_, true

from shoal.access.actor import Actor


def visible(actor: Actor, owner: ColumnElement[str] | ColumnElement[str | None]) -> ColumnElement[bool]:
    """Return the condition on rows that an actor may read; `owner` is the column with the owner's name."""
    if not actor.known:
        return false()
    if actor.admin:
        return true()
    return or_(owner == actor.name, owner.is_(None))
