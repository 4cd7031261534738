"""`occopus-rest-service`: the server, on Occopus' port."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from shoal.cli.connection import Where
from shoal.cli.occopus.program import parser, run, settings_of
from shoal.cli.output import say


def main(words: Sequence[str] | None = None) -> int:
    """Run the program, and return its exit code."""
    options = parser("occopus-rest-service", "Serve Occopus' requests, and all others.")
    options.add_argument("--host", default="127.0.0.1", help="where to listen  [127.0.0.1]")
    options.add_argument("--port", type=int, default=5000, help="the port  [5000]")
    options.add_argument("--parallelize", action="store_true", help="said by habit: it always is parallel")
    return run(options.parse_args(words), _serve)


def _serve(asked: Namespace) -> None:
    from shoal.server.house import House
    from shoal.server.reporting import report
    from shoal.server.serve import serve

    more: dict[str, Any] = (
        {} if asked.auth_data_path is None else {"infra": {"credentials": asked.auth_data_path}}
    )
    host = f"[{asked.host}]" if ":" in asked.host else asked.host
    settings = Where(config=settings_of(asked)).settings(listen=[f"{host}:{asked.port}"], **more)
    report(settings)
    with House(settings) as house:
        serve(house, say)
