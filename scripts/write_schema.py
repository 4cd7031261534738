#!/usr/bin/env python3
"""Write the newest schema of SQLite as one text, from what the migrations make."""

from __future__ import annotations

import tempfile
from pathlib import Path

from shoal.base.database import open_database
from shoal.migrations import snapshot, upgrade


def main() -> None:
    """Write `newest.sql`."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'empty.db'}")
        snapshot.FILE.unlink(missing_ok=True)
        upgrade(database)
        made = database.read(snapshot.written)
        database.close()
    snapshot.FILE.write_text(made)
    print(f"wrote {snapshot.FILE.name}: {made.count('CREATE TABLE')} tables")


if __name__ == "__main__":
    main()
