"""`shoal study`: how many clusters?"""

from __future__ import annotations

from typing import Annotated

import typer

from shoal.cli import study_checks, study_export, study_looking, study_run
from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import say
from shoal.cli.study_following import follow, show, tell
from shoal.cli.study_options import Id, Out, Raw

app = typer.Typer(help="Find how many clusters a file has.", no_args_is_help=True)
study_run.register(app)
study_looking.register(app)
Fits = Annotated[
    str | None, typer.Option("--fits", metavar="1,2,...", help="Ids; those that failed if not given.")
]
MaxK = Annotated[int, typer.Option("--max-k", metavar="N", help="Try up to N clusters.")]


@app.command()
@located
def watch(where: Where, study: Id, out: Out = None, raw: Raw = False, output: Output = Format.TABLE) -> None:
    """Watch a study until it ends, then show what it found.

    One that was interrupted goes on.
    """
    with connected(where, work=True) as client:
        found = follow(client.studies.get(study))
        tell(found, out, output, raw=raw) if out else show(found, output)


@app.command()
@located
def rerun(where: Where, study: Id, fits: Fits = None, output: Output = Format.TABLE) -> None:
    """Run fits again: those named, or those that failed or never ran."""
    with connected(where, work=True) as client:
        show(follow(client.studies.get(study).rerun(_ids(fits))), output)


@app.command()
@located
def extend(where: Where, study: Id, max_k: MaxK, output: Output = Format.TABLE) -> None:
    """Try larger numbers of clusters too; only the new fits run."""
    with connected(where, work=True) as client:
        show(follow(client.studies.get(study).extend(max_k)), output)


@app.command()
@located
def cancel(where: Where, study: Id) -> None:
    """Stop a study; fits that have ended are kept."""
    with connected(where) as client:
        found = client.studies.get(study).cancel()
    say(f"Study {found.id} is cancelled after {found.progress['done']} fits.")


study_export.register(app)
study_checks.register(app)


def _ids(fits: str | None) -> list[int] | None:
    if fits is None:
        return None
    try:
        return [int(part) for part in fits.split(",")]
    except ValueError:
        raise typer.BadParameter("Give ids of fits, like 3,17.", param_hint="--fits") from None
