"""`shoal ready`: does the server answer, and do its parts work?"""

from __future__ import annotations

from shoal.base.errors import Unavailable
from shoal.base.home import holder
from shoal.cli.connection import Where, client_of
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer


@located
def ready(where: Where, output: Output = Format.TABLE) -> None:
    """Ask the server whether it works: exit 0 if it does. For health checks."""
    settings = where.settings()
    found = None if where.server else holder(settings.home)
    if (url := where.server or (found.url if found else None)) is None:
        raise Unavailable(f"No server runs on {settings.home}.", hint="Start one: shoal serve")
    with client_of(url, settings) as client:
        state = client.ready()
    checks = ", ".join(f"{name} {found}" for name, found in state["checks"].items())
    answer({"url": url, **state}, output, text=f"{url} works: {checks}")
