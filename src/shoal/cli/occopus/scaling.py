"""`occopus-scale -i ID -n NODE`: wish for more or fewer machines; the server makes it so."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from shoal.cli.occopus.program import log, parser, run, server


def main(words: Sequence[str] | None = None) -> int:
    """Run the program, and return its exit code."""
    options = parser("occopus-scale", "Scale a node of an infrastructure.")
    options.add_argument("-i", "--infraid", metavar="ID", required=True, help="the infrastructure")
    options.add_argument("-n", "--node", metavar="NAME", required=True, help="the node")
    which = options.add_mutually_exclusive_group(required=True)
    which.add_argument("-c", "--changescale", metavar="N", type=int, help="so many more: +2, or fewer: -1")
    which.add_argument("-s", "--setscale", metavar="N", type=int, help="so many")
    which.add_argument("-f", "--filter", metavar="NODEID|IP", help="this one goes")
    return run(options.parse_args(words), _scale)


def _scale(asked: Namespace) -> None:
    with server(asked) as client:
        infra = client.infra.get(asked.infraid)
        infra.scale(asked.node, by=asked.changescale, to=asked.setscale, drop=asked.filter)
        wanted = infra.facts["nodes"][asked.node]["target"]
    log(f"{asked.node} of {infra.id}: {wanted} wanted")
