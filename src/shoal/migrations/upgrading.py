"""Bringing a database to the newest schema.

The history is one line of files in `versions/`, each named for its revision. Alembic is imported only
when there is something to do, so that opening a database that is up to date costs one query.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from shoal.base.database import Database
from shoal.base.errors import Conflict
from shoal.base.faults import fault_point
from shoal.base.transaction import is_postgres
from shoal.migrations import snapshot

MIGRATED = fault_point("migrations.upgrade", "The schema is brought to its newest version.")
FOLDER = Path(__file__).parent
_LOCK = text("SELECT pg_advisory_xact_lock(1397244748)")  # one server migrates, the others wait for it
_STORED = text("SELECT version_num FROM alembic_version")


def upgrade(database: Database, to: str | None = None) -> bool:
    """Bring a database to the newest schema, in one transaction; returns whether there was anything to do.

    `to` names an older revision, for rows that come from a backup.

    Raises:
        Conflict: the database was made by a newer version of Shoal.
    """
    target = to or newest()
    if database.read(stored) == target:
        return False
    return database.write(MIGRATED, lambda conn: _migrate(conn, target))


def stored(conn: Connection) -> str | None:
    """Return the revision of a database, None when it has no schema yet."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return str(conn.execute(_STORED).scalar_one())


def known() -> list[str]:
    """Return all revisions, oldest first."""
    return sorted(path.name[1:5] for path in (FOLDER / "versions").glob("v[0-9][0-9][0-9][0-9]_*.py"))


def newest() -> str:
    """Return the revision that this version of Shoal works with."""
    return known()[-1]


def _migrate(conn: Connection, target: str) -> bool:
    if is_postgres(conn):
        conn.execute(_LOCK)
    present = stored(conn)
    if present == target:
        return False
    if unknown := {present, target} - {None, *known()}:
        raise Conflict(
            f"The database has schema {unknown.pop()}, which is newer than this Shoal knows ({newest()}).",
            hint="Install the newest Shoal, or restore a backup from before.",
        )
    is_new = present is None and target == newest() and not is_postgres(conn)
    if not (is_new and snapshot.create(conn)):
        _run(conn, target)
    return True


def _run(conn: Connection, target: str) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "newline")
    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(
        config, script, fn=lambda revision, _context: script._upgrade_revs(target, revision)
    ) as environment:
        environment.configure(connection=conn)
        environment.run_migrations()
