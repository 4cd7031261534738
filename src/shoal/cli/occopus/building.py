"""`occopus-build FILE`: build an infrastructure, or with `-i` change one into what the file says."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from shoal.cli.infra_options import bundle_from
from shoal.cli.interruption import interruption
from shoal.cli.occopus.listing import Log, node_list, order_of
from shoal.cli.occopus.program import log, parser, run, server


def main(words: Sequence[str] | None = None) -> int:
    """Run the program, and return its exit code."""
    options = parser("occopus-build", "Build an infrastructure.")
    options.add_argument("infra_def_file", metavar="FILE", type=Path, help="the description, in YAML")
    options.add_argument("-i", "--infra_id", metavar="ID", help="change this infrastructure")
    options.add_argument("--parallelize", action="store_true", help="said by habit: it always is parallel")
    return run(options.parse_args(words), _build)


def _build(asked: Namespace) -> None:
    # What the description needs was imported: that is how these programs are used.
    bundle = bundle_from(asked.infra_def_file, [])
    told = Log()
    with server(asked) as client, interruption():
        if asked.infra_id is None:
            infra = client.infra.build(bundle, attach=False)
        else:
            infra = client.infra.get(asked.infra_id)
            told.pass_over(infra)
            infra = infra.update(bundle)
        try:
            log(f"infrastructure {infra.id}")
            infra.wait(on_change=told)
        except BaseException:
            log(f"{infra.id}: what is healthy stays. occopus-maintain -i {infra.id} goes on with it,")
            log(f"occopus-destroy -i {infra.id} takes it down.")
            raise
        lines = [*node_list(order_of(infra), infra.instances()), infra.id]
    sys.stdout.write("\n".join(lines) + "\n")
