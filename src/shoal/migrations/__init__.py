"""The history of the database's schema, and how to bring a database to its newest version."""

from __future__ import annotations

from shoal.migrations.upgrading import upgrade

__all__ = ["upgrade"]
