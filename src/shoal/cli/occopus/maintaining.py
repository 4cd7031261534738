"""`occopus-maintain`: list infrastructures, report on one, or mend it, once or again and again."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from shoal.base.faults import fault_point
from shoal.base.files import durable_file
from shoal.cli.interruption import interruption
from shoal.cli.occopus.listing import Log, node_list, order_of, report_lines
from shoal.cli.occopus.program import log, parser, run, server
from shoal.client.infrastructure import InfrastructureFailed

if TYPE_CHECKING:
    from shoal.client import Client
    from shoal.client.infrastructure import Infrastructure

REPORTED = fault_point("cli.report", "A report on an infrastructure is whole in the file asked for.")


def main(words: Sequence[str] | None = None) -> int:
    """Run the program, and return its exit code."""
    options = _options()
    asked = options.parse_args(words)
    if asked.infraid is None and not asked.list:
        options.error("give -i ID or -l")
    return run(asked, _maintain)


def _options() -> ArgumentParser:
    options = parser("occopus-maintain", "Maintain an infrastructure.")
    options.add_argument("-i", "--infraid", metavar="ID", help="the infrastructure")
    options.add_argument("-l", "--list", action="store_true", help="list the ids of infrastructures")
    options.add_argument("-r", "--report", action="store_true", help="change nothing, say what there is")
    options.add_argument("-c", "--cyclic", action="store_true", help="go on until Ctrl-C")
    options.add_argument("-t", "--interval", metavar="SEC", type=float, default=10.0, help="between passes")
    options.add_argument("-o", "--output", metavar="FILE", type=Path, help="write the addresses here")
    options.add_argument("-f", "--filter", metavar="NODE", default="", help="only nodes named so")
    options.add_argument("--parallelize", action="store_true", help="said by habit: it always is parallel")
    return options


def _maintain(asked: Namespace) -> None:
    with server(asked) as client:
        if asked.infraid is None:
            _list(client)
            return
        infra = client.infra.get(asked.infraid)
        act = _report if asked.report else _cyclic if asked.cyclic else _pass
        act(infra, asked)


def _list(client: Client) -> None:
    ids = [infra.id for infra in client.infra.find()]
    lines = ["List of active infrastructure:", *ids] if ids else ["No active infrastructure!"]
    sys.stdout.write("\n".join(lines) + "\n")


def _report(infra: Infrastructure, asked: Namespace) -> None:
    order, instances = order_of(infra), infra.instances()
    if asked.output is None:
        sys.stdout.write("\n".join(node_list(order, instances, asked.filter)) + "\n")
        return
    lines = [f"{line}\n" for line in report_lines(order, instances, asked.filter)]
    with durable_file(REPORTED, asked.output) as draft:
        draft.write("".join(lines).encode())


def _pass(infra: Infrastructure, asked: Namespace) -> None:
    told = Log()
    told.pass_over(infra)
    with interruption():
        infra.heal().wait(on_change=told)
    log(f"{infra.id} is {infra.phase}")
    _report(infra, asked)


def _cyclic(infra: Infrastructure, asked: Namespace) -> None:
    """Mend it until Ctrl-C, which is how this ends well; a pass that failed is tried again."""
    with suppress(KeyboardInterrupt):
        while True:
            try:
                _pass(infra, asked)
            except InfrastructureFailed as error:
                log(error.message)
            time.sleep(asked.interval)
