"""Keeping node definitions, those of each owner apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete

from shoal.base import events
from shoal.base.errors import NotFound
from shoal.base.transaction import insert_into, now
from shoal.infra.store.tables import definitions
from shoal.infra.store.telling import TOPIC


def keep(conn: Connection, owner: str, found: Mapping[str, Any]) -> None:
    """Keep the implementations of some types, in place of those that were."""
    moment = now(conn)
    for type_, implementations in found.items():
        insert = insert_into(conn, definitions).values(
            owner=owner, type=type_, implementations=implementations, changed=moment
        )
        values = {"implementations": insert.excluded.implementations, "changed": moment}
        conn.execute(insert.on_conflict_do_update(index_elements=["owner", "type"], set_=values))
    events.append(conn, TOPIC, "", "definitions", {"owner": owner, "types": sorted(found)})


def forget(conn: Connection, owner: str, type_: str) -> None:
    """Keep a type's definition no longer; raises NotFound."""
    gone = delete(definitions).where(definitions.c.owner == owner, definitions.c.type == type_)
    if not conn.execute(gone).rowcount:
        raise missing(type_)
    events.append(conn, TOPIC, "", "definitions", {"owner": owner, "types": [type_]})


def missing(type_: str) -> NotFound:
    """Return what to raise when there is no such definition."""
    return NotFound(f"There is no node definition {type_[:80]}, or you may not see it.", node_type=type_[:80])
