"""The newest schema of SQLite as one text, so that a new home costs no walk through its history.

`newest.sql` is written by `scripts/write_schema.py` from what the migrations make. Its first line names the
hash of the migrations it was made from; when they have changed since, it is not used.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import Connection, text

FOLDER = Path(__file__).parent
FILE = FOLDER / "newest.sql"
_MARK = "-- "
_EVERY = text(
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
)
_REVISION = text("SELECT version_num FROM alembic_version")


def create(conn: Connection) -> bool:
    """Make the newest schema in an empty SQLite database; False when the text is of other migrations."""
    head, *statements = FILE.read_text().rstrip(";\n").split(";\n\n") if FILE.exists() else [""]
    if head != f"{_MARK}{fingerprint()}":
        return False
    for statement in statements:
        conn.exec_driver_sql(statement)
    return True


def written(conn: Connection) -> str:
    """Return the text for a database that the migrations have just made."""
    revision = conn.execute(_REVISION).scalar_one()
    statements = [
        f"{_MARK}{fingerprint()}",
        *conn.execute(_EVERY).scalars(),
        f"INSERT INTO alembic_version VALUES ('{revision}')",
    ]
    return ";\n\n".join(statements) + ";\n"


def fingerprint() -> str:
    """Return the hash of all migrations."""
    sources = sorted((FOLDER / "versions").glob("v[0-9]*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
