"""How far running jobs are; written relaxed, for a lost report hurts nobody."""

from __future__ import annotations

from sqlalchemy import Connection

from shoal.base.transaction import insert_into, now
from shoal.jobs.store import tokens
from shoal.jobs.store.changes import tell
from shoal.jobs.store.tables import progress


def report(conn: Connection, token: str, done: float, total: float | None = None, note: str = "") -> bool:
    """Record how far an attempt is, in units of its own; False when the token is stale."""
    row = tokens.held(conn, [token], lock=False).get(token)
    if row is None:
        return False
    values = {
        "fence": row.fence,
        "done": done,
        "total": total,
        "note": note.replace("\0", "\ufffd"),
        "at": now(conn),
    }
    insert = insert_into(conn, progress).values(job=row.id, **values)
    conn.execute(insert.on_conflict_do_update(index_elements=["job"], set_=values))
    tell(conn, row.id, row.owner, row.kind, "progress", done=done, total=total, note=values["note"])
    return True
