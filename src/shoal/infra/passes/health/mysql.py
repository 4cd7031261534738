"""Log in to a MySQL database, to see whether it is there."""

from __future__ import annotations

from shoal.base.errors import Unavailable
from shoal.base.extras import require
from shoal.infra.model import Database

_SECONDS = 5


def log_in(address: str, database: Database, port: int = 3306) -> None:
    """Log in to a database and leave again.

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
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS,
            write_timeout=_SECONDS,
        ).close()
    except (pymysql.MySQLError, OSError) as error:
        raise Unavailable(f"{error}") from error
