"""`shoal serve`: the server and its workers, until it is told to stop."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shoal.cli.connection import Where
from shoal.cli.options import Config, Database, Home, Workers
from shoal.cli.output import say
from shoal.cli.reload import serve_anew

if TYPE_CHECKING:
    from shoal.base.cluserve_settings import Older

Listen = Annotated[
    list[str] | None,
    typer.Option("--listen", metavar="HOST:PORT[,tls][,open=CIDR]", help="Answer here; repeatable."),
]
Port = Annotated[int | None, typer.Option("--port", metavar="N", help="Answer on 127.0.0.1:N.")]
Reload = Annotated[bool, typer.Option("--reload", help="Start anew when a source file changes.")]
RootPath = Annotated[str | None, typer.Option("--root-path", metavar="P", help="Prefix behind a proxy.")]
Certificate = Annotated[
    Path | None, typer.Option("--tls-certificate", metavar="FILE", help="For addresses marked tls; PEM.")
]
Key = Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="The certificate's key; PEM.")]


def serve(
    listen: Listen = None,
    port: Port = None,
    home: Home = None,
    config: Config = None,
    database: Database = None,
    workers: Workers = None,
    root_path: RootPath = None,
    tls_certificate: Certificate = None,
    tls_key: Key = None,
    reload: Reload = False,
) -> int | None:
    """Start the server and its workers."""
    if reload:
        return serve_anew([word for word in sys.argv[1:] if word != "--reload"])
    older = older_configuration()
    marked = ",tls" if "tls_certificate" in older.tree else ""  # Cluserve's certificate is for its one port.
    addresses = [*(listen or []), *([f"127.0.0.1:{port}{marked}"] if port is not None else [])] or None
    settings = Where(home, config, database, workers).settings(
        (older.source, older.tree),
        listen=addresses,
        root_path=root_path,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
    )
    older.check(settings)
    if settings.tls_certificate and not any(",tls" in address for address in settings.listen):
        say("There is a certificate, but what is sent is not encrypted: no address is marked tls.")
    from shoal.server.house import House
    from shoal.server.reporting import report
    from shoal.server.serve import serve as run

    report(settings)
    with House(settings) as house:
        run(house, say)
    return None


def older_configuration() -> Older:
    """Return what Cluserve's variables, and its file below this folder, say; tell which were read."""
    from shoal.base.cluserve_settings import read_cluserve

    older = read_cluserve(Path.cwd(), os.environ)
    if older.source:
        say(f"Cluserve's configuration is read: {older.source}.")
    for service in older.others:
        say(f"{service.capitalize()} is built in.")
    return older
