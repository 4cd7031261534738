"""`shoal infra import`, `validate`, `plan`, `build`, `scale`, `heal` and `destroy`: what changes machines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from shoal.base.errors import InvalidInput
from shoal.base.faults import fault_point
from shoal.base.files import durable_file
from shoal.cli import infra_plan_view, infra_view
from shoal.cli.connection import Where, serving
from shoal.cli.infra_asking import sure
from shoal.cli.infra_following import follow
from shoal.cli.infra_options import (
    Definitions,
    File,
    Infra,
    NodeName,
    NoWait,
    Of,
    Timeout,
    Yes,
    bundle_from,
    found,
)
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, say
from shoal.studies.wording import counted

if TYPE_CHECKING:
    from shoal.client import Client
    from shoal.client.infrastructure import Infrastructure

SAVED = fault_point("cli.plan", "A plan is whole in the file asked for.")
CHANGES = 2
Nodes = Annotated[Path, typer.Argument(metavar="FILE", help="The definitions: node_definitions.yaml.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Save the plan.")]
Plan = Annotated[Path | None, typer.Option("--plan", metavar="FILE", help="Do what a saved plan says.")]
Wanted = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="The description: infra-NAME.yaml.")]
Attach = Annotated[bool, typer.Option("--attach/--detach", help="Heal it from then on.")]
To = Annotated[int | None, typer.Argument(metavar="[COUNT]", help="How many there shall be.")]
By = Annotated[int | None, typer.Option("--by", metavar="N", help="So many more, or with a minus fewer.")]
Drop = Annotated[
    str | None, typer.Option("--drop", metavar="ID|ADDRESS", help="This machine goes, and its place with it.")
]


def register(noun: typer.Typer) -> None:
    """Add the commands to their noun."""
    commands = (import_, validate, plan, build, scale, heal, destroy)
    for command in commands:
        noun.command(command.__name__.rstrip("_"))(command)


@located
def import_(where: Where, file: Nodes, output: Output = Format.TABLE) -> None:
    """Keep node definitions on the server. Every description that names their types may use them."""
    bundle = bundle_from(file, [])
    with serving(where) as client:
        names = client.infra.import_definitions(bundle)
    answer({"names": names}, output, text=f"Imported: {', '.join(names)}", quiet="\n".join(names))


def validate(file: File, definitions: Definitions = None, output: Output = Format.TABLE) -> None:
    """Check a description, and say where each fault is. It needs no server."""
    from shoal.infra.deciding.levels import levels
    from shoal.infra.describing.bundle import bundle_of
    from shoal.infra.describing.descriptions import described

    description = described(bundle_of(bundle_from(file, definitions)), {})
    order = levels(description)
    told = {"name": description.name, "nodes": [node.name for node in description.nodes], "levels": order}
    then = ", then ".join(" and ".join(level) for level in order)
    text = f"{file} is valid. {counted(len(description.nodes), 'node')}: {then}."
    answer(told, output, text=text)


@located
def plan(
    where: Where,
    file: File,
    definitions: Definitions = None,
    id: Of = None,
    out: Out = None,
    output: Output = Format.TABLE,
) -> None:
    """Show what a build would do. Exit code 0: nothing to do, 2: there is, 1: it cannot be planned."""
    from shoal.studies.telling.terminal import Look

    bundle = bundle_from(file, definitions)
    with serving(where) as client:
        made = client.infra.plan(bundle, found(client, id).id if id else None)
    if out is not None:
        with durable_file(SAVED, out) as draft:
            draft.write(orjson.dumps(made))
        say(f"Plan  {out}     Do it: shoal infra build --plan {out}")
    answer(made, output, text=infra_plan_view.page(made, Look.of(sys.stdout)))
    if not infra_plan_view.is_empty(made):
        raise typer.Exit(CHANGES)


@located
def build(
    where: Where,
    file: Wanted = None,
    definitions: Definitions = None,
    plan: Plan = None,
    id: Of = None,
    attach: Attach = True,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Build what a description or a saved plan says. Level by level, until all is healthy."""
    if (file is None) == (plan is None):
        raise typer.BadParameter("Give a description, or --plan FILE.", param_hint="FILE")
    with serving(where) as client:
        if plan is not None:
            built = _applied(client, plan, yes)
        elif file is not None and id is not None:
            built = _updated(client, found(client, id), bundle_from(file, definitions), yes)
        else:
            built = client.infra.build(bundle_from(file or Path(), definitions), attach=attach)
        tell(built, output, no_wait=no_wait, timeout=timeout)


@located
def scale(
    where: Where,
    infra: Infra,
    node: NodeName,
    count: To = None,
    by: By = None,
    drop: Drop = None,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    output: Output = Format.TABLE,
) -> None:
    """Have so many machines of a node. A number, `--by N`, or all but one; the youngest go first."""
    if sum(word is not None for word in (count, by, drop)) != 1:
        raise typer.BadParameter("Give a number, --by N or --drop ID.", param_hint="COUNT")
    with serving(where) as client:
        scaled = found(client, infra).scale(node, to=count, by=by, drop=drop)
        tell(scaled, output, no_wait=no_wait, timeout=timeout)


@located
def heal(
    where: Where,
    infra: Infra,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    output: Output = Format.TABLE,
) -> None:
    """Look at the machines now, and mend what is not as it is wished."""
    with serving(where) as client:
        tell(found(client, infra).heal(), output, no_wait=no_wait, timeout=timeout)


@located
def destroy(
    where: Where,
    infra: Infra,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Take all machines down; what happened to them stays on record."""
    with serving(where) as client:
        target = found(client, infra)
        sure("removes", len(target.instances()), yes=yes)
        tell(target.destroy(), output, no_wait=no_wait, timeout=timeout)


def tell(infra: Infrastructure, output: Format, *, no_wait: bool, timeout: float | None) -> None:
    """Wait until a wish is reached, unless that is not wanted, and print what the infrastructure is then."""
    if not no_wait:
        follow(infra, timeout)
    instances = infra.instances()
    shown = infra.facts | {"instances": instances}
    answer(shown, output, text=infra_view.page(infra.facts, instances), quiet=infra.id)


def _updated(client: Client, infra: Infrastructure, bundle: dict[str, Any], yes: bool) -> Infrastructure:
    if not yes:
        _check(client.infra.plan(bundle, infra.id))
    return infra.update(bundle)


def _applied(client: Client, file: Path, yes: bool) -> Infrastructure:
    try:
        plan = orjson.loads(file.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{file}: {error.strerror}.", code="no_such_file") from error
    except ValueError as error:
        raise InvalidInput(f"{file} is not a plan: {error}.") from error
    if not isinstance(plan, dict) or not isinstance(plan.get("steps"), list):
        raise InvalidInput(f"{file} is not a plan.", hint="Make one: shoal infra plan FILE --out PLAN")
    if not yes:
        _check(plan)
    return client.infra.apply(plan)


def _check(plan: dict[str, Any]) -> None:
    """Ask before more than one machine is replaced or dropped."""
    counts = infra_plan_view.changes_of(plan)
    going = counts["replace"] + counts["drop"]
    sure("replaces or removes", going if going > 1 else 0, yes=False)
