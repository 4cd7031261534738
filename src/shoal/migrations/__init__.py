"""The history of the database's schema, and how to bring a database to its newest version."""

from __future__ import annotations

from importlib import import_module

from shoal.base.database import Database
from shoal.base.faults import fault_point
from shoal.base.schema import metadata

MIGRATED = fault_point("migrations.upgrade", "The schema is brought to its newest version.")


def upgrade(database: Database) -> None:
    """Bring a database to the newest schema."""
    for name in ("shoal.base.events", "shoal.jobs.tables"):
        import_module(name)
    database.write(MIGRATED, metadata.create_all)
