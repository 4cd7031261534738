"""Log in to a MySQL database, to see whether it is there."""

from __future__ import annotations

from shoal.base.errors import Unavailable
from shoal.base.extras import require
from shoal.infra.model import Database

SECONDS = 5


def log_in(address: str, database: Database, port: int = 3306, seconds: float = SECONDS) -> None:
    """Log in to a database and leave again; each wait takes `seconds` at most.

    Raises:
        Unavailable: that is not possible.
        MissingExtra: the library for it is not installed.
    """
    pymysql = require("pymysql", "mysql")
    try:
        pymysql.connect(
            host=address,
            port=port,
            user=database.user,
            password=database.password,
            database=database.name,
            connect_timeout=seconds,
            read_timeout=seconds,
            write_timeout=seconds,
        ).close()
    except (pymysql.MySQLError, OSError) as error:
        raise Unavailable(f"{error}") from error
