"""`occopus-destroy -i ID`: take an infrastructure down."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from shoal.cli.interruption import interruption
from shoal.cli.occopus.listing import Log
from shoal.cli.occopus.program import log, parser, run, server


def main(words: Sequence[str] | None = None) -> int:
    """Run the program, and return its exit code."""
    options = parser("occopus-destroy", "Destroy an infrastructure.")
    options.add_argument("-i", "--infra_id", metavar="ID", required=True, help="which")
    return run(options.parse_args(words), _destroy)


def _destroy(asked: Namespace) -> None:
    told = Log()
    with server(asked) as client, interruption():
        infra = client.infra.get(asked.infra_id)
        told.pass_over(infra)
        infra.destroy().wait(on_change=told)
    log(f"{infra.id} is destroyed")
