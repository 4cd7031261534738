"""`shoal infra list`, `show`, `cost`, `outputs`, `drift`, `sweep`, `log` and `watch`: what there is."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shoal.base.clock import isoformat
from shoal.cli import infra_plan_view, infra_view
from shoal.cli.connection import Where, serving
from shoal.cli.infra_asking import sure
from shoal.cli.infra_building import CHANGES
from shoal.cli.infra_options import Infra, Yes, found
from shoal.cli.interruption import interruption
from shoal.cli.located import located
from shoal.cli.options import Format, Limit, Output
from shoal.cli.output import answer, print_json, say
from shoal.cli.words import take
from shoal.studies.wording import printable

if TYPE_CHECKING:
    from shoal.client.infrastructure import Infrastructure

LOOK_EVERY = 1.0
Search = Annotated[str, typer.Option("--search", metavar="TEXT", help="A part of the name.")]
Gone = Annotated[bool, typer.Option("--gone", help="Also what is destroyed.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Look at the machines first.")]
Machine = Annotated[str | None, typer.Argument(metavar="[ID]", help="The log of this machine.")]
Drop = Annotated[bool, typer.Option("--drop", help="End them.")]
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on until Ctrl-C.")]


def register(noun: typer.Typer) -> None:
    """Add the commands to their noun."""
    noun.command("list")(list_infrastructures)
    for command in (show, cost, outputs, drift, sweep, log, watch):
        noun.command(command.__name__)(command)


@located
def list_infrastructures(
    where: Where, search: Search = "", gone: Gone = False, limit: Limit = 20, output: Output = Format.TABLE
) -> None:
    """List infrastructures, the newest first."""
    with serving(where) as client:
        listed = [each.facts for each in take(client.infra.find(q=search, gone=gone), limit)]
    quiet = "\n".join(each["id"] for each in listed)
    answer(listed, output, text=infra_view.lines(listed), quiet=quiet)


@located
def show(where: Where, infra: Infra, gone: Gone = False, output: Output = Format.TABLE) -> None:
    """Show an infrastructure and its machines."""
    with serving(where) as client:
        target = found(client, infra)
        instances = target.instances(gone=gone)
    text = infra_view.page(target.facts, instances)
    answer(target.facts | {"instances": instances}, output, text=text, quiet=target.phase)


@located
def cost(where: Where, infra: Infra, output: Output = Format.TABLE) -> None:
    """Show what each machine costs an hour."""
    with serving(where) as client:
        told = found(client, infra).cost()
    answer(told, output, text=infra_view.costs(told), quiet=infra_plan_view.price(told["per_hour"]))


@located
def outputs(where: Where, infra: Infra, output: Output = Format.TABLE) -> None:
    """Print addresses, an ssh configuration, and published files."""
    with serving(where) as client:
        told = found(client, infra).outputs()
    answer(told, output, text=infra_view.outputs(told), quiet=told["ssh_config"].rstrip())


@located
def drift(where: Where, infra: Infra, refresh: Refresh = False, output: Output = Format.TABLE) -> None:
    """Show how the machines differ from what is wished. Exit code 0: not at all, 2: they do."""
    from shoal.studies.telling.terminal import Look

    with serving(where) as client:
        plan = found(client, infra).plan(refresh=refresh)
    answer(plan, output, text=infra_plan_view.page(plan, Look.of(sys.stdout)))
    if not infra_plan_view.is_empty(plan):
        raise typer.Exit(CHANGES)


@located
def sweep(where: Where, drop: Drop = False, yes: Yes = False, output: Output = Format.TABLE) -> None:
    """Look for machines with our tag that no infrastructure knows."""
    with serving(where) as client:
        told = client.infra.sweep()
        if drop and told["machines"]:
            sure("ends", len(told["machines"]), yes=yes)
            told = client.infra.sweep(drop=True)
    lines = [
        f"{each['provider']}  {each['ref']}  {each['infra']}  {each['instance']}" for each in told["machines"]
    ]
    ended = "Ended:" if drop else "Nobody knows:"
    text = "\n".join([ended, *lines]) if lines else "No machine is left over."
    answer(told, output, text=text, quiet="\n".join(lines))
    for each in told["failed"]:
        say(f"error: {each['provider']}: {each['message']}")
    if told["failed"]:
        raise typer.Exit(1)


@located
def log(
    where: Where, infra: Infra, machine: Machine = None, follow: Follow = False, output: Output = Format.TABLE
) -> None:
    """Print what happened, or what was done in one machine."""
    with serving(where) as client, interruption():
        target = found(client, infra)
        try:
            if machine is None:
                _happenings(target, output, follow=follow)
            else:
                _machine_log(target, machine, follow=follow)
        except KeyboardInterrupt:
            return


@located
def watch(where: Where, infra: Infra, output: Output = Format.TABLE) -> None:
    """Print what happens, as it happens. Until all is destroyed, or Ctrl-C."""
    with serving(where) as client, interruption():
        target = found(client, infra)
        try:
            _happenings(target, output, follow=True)
        except KeyboardInterrupt:
            return


def _happenings(infra: Infrastructure, output: Format, *, follow: bool) -> None:
    after = 0
    while True:
        ended = infra.refresh().phase == "destroyed"
        for each in infra.events(after=after):
            after = each["seq"]
            _tell(each, output)
        sys.stdout.flush()
        if ended or not follow:
            return
        time.sleep(LOOK_EVERY)


def _tell(happening: dict[str, Any], output: Format) -> None:
    if output is Format.JSON:
        print_json(happening)
        return
    detail = "  ".join(f"{name} {printable(str(value))}" for name, value in happening["detail"].items())
    words = [isoformat(happening["at"])[:19], happening["kind"], happening["node"], happening["instance"]]
    typer.echo("  ".join([*(str(word) for word in words if word), *([detail] if detail else [])]))


def _machine_log(infra: Infrastructure, machine: str, *, follow: bool) -> None:
    offset = 0
    while True:
        part = infra.log(machine, offset)
        typer.echo(part["text"], nl=False)
        sys.stdout.flush()
        if part["next"] > offset:
            offset = part["next"]
        elif not follow:
            return
        else:
            time.sleep(LOOK_EVERY)
