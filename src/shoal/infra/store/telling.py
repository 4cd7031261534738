"""What is told of infrastructures: happenings, which are kept with them, and events of the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert

from shoal.base import events
from shoal.base.schema import dumps
from shoal.infra.model import Infrastructure
from shoal.infra.store.tables import happenings

TOPIC = "infra"


def happened(conn: Connection, infra: Infrastructure, found: Sequence[Mapping[str, Any]], at: int) -> None:
    """Keep what happened (`kind`, `node`, `instance`, `detail` each), and tell it."""
    if not found:
        return
    rows = [
        {name: each.get(name) for name in ("instance", "node", "kind")}
        | {"detail": dict(each.get("detail") or {}), "infra": infra.id, "at": at}
        for each in found
    ]
    conn.execute(insert(happenings), rows)
    names = ("instance", "node", "detail")
    _tell(conn, infra, [(str(row["kind"]), {name: row[name] for name in names}) for row in rows])


def changed(conn: Connection, infra: Infrastructure) -> None:
    """Tell how an infrastructure is."""
    names = ("name", "turn", "done", "attached", "paused", "error")
    told = {name: getattr(infra, name) for name in names}
    _tell(conn, infra, [("changed", told | {"phase": infra.phase.value})])


def moved(conn: Connection, infra: Infrastructure, instances: Iterable[Mapping[str, Any]]) -> None:
    """Tell of machines whose rows are new or changed: `id`, and `node` and `state` where those are known."""
    _tell(conn, infra, [("instances", {"instances": list(instances)})])


def _tell(conn: Connection, infra: Infrastructure, told: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    owner = {"owner": infra.owner}
    events.extend(conn, [(TOPIC, infra.id, kind, dumps(owner | dict(data))) for kind, data in told])
