"""`shoal infra`: clusters of machines from a description. It needs a server that runs."""

from __future__ import annotations

import typer

from shoal.cli import infra_blueprint, infra_building, infra_looking
from shoal.cli.connection import Where, serving
from shoal.cli.infra_options import Infra, found
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, say

app = typer.Typer(help="Build clusters of machines from a description.", no_args_is_help=True)


@app.command()
@located
def attach(where: Where, infra: Infra, output: Output = Format.TABLE) -> None:
    """Heal an infrastructure from now on."""
    _done(where, infra, "attach", "is healed from now on", output)


@app.command()
@located
def detach(where: Where, infra: Infra, output: Output = Format.TABLE) -> None:
    """Leave an infrastructure alone from now on; its machines stay."""
    _done(where, infra, "detach", "is left alone from now on", output)


@app.command()
@located
def pause(where: Where, infra: Infra, output: Output = Format.TABLE) -> None:
    """Do nothing to an infrastructure until `resume`."""
    _done(where, infra, "pause", "is paused", output)


@app.command()
@located
def resume(where: Where, infra: Infra, output: Output = Format.TABLE) -> None:
    """Go on with what is wished of an infrastructure."""
    _done(where, infra, "resume", "goes on", output)


@app.command()
@located
def release(where: Where, infra: Infra, output: Output = Format.TABLE) -> None:
    """Let many failed machines be replaced, past the brake."""
    _done(where, infra, "release", "may replace what failed", output)


def _done(where: Where, word: str, act: str, told: str, output: Format) -> None:
    with serving(where) as client:
        target = found(client, word)
        getattr(target, act)()
    say(f"{target.name} ({target.id}) {told}.")
    answer(target.facts, output, text="", quiet=target.id)


infra_building.register(app)
infra_looking.register(app)
app.add_typer(infra_blueprint.app, name="blueprint")
