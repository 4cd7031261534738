"""`shoal study`: how many clusters?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shoal.cli import study_checks, study_export, study_run
from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Limit, Output
from shoal.cli.output import answer, print_json, say, table
from shoal.cli.study_following import follow, show, tell
from shoal.cli.study_options import Id, Out, Raw
from shoal.cli.words import ago, take
from shoal.studies.wording import counted

app = typer.Typer(help="Find how many clusters a file has.", no_args_is_help=True)
study_run.register(app)
Failed = Annotated[bool, typer.Option("--failed", help="Only the fits that failed, with the reason.")]
Fits = Annotated[
    str | None, typer.Option("--fits", metavar="1,2,...", help="Ids; those that failed if not given.")
]
MaxK = Annotated[int, typer.Option("--max-k", metavar="N", help="Try up to N clusters.")]


@app.command("list")
@located
def list_studies(where: Where, limit: Limit = 20, output: Output = Format.TABLE) -> None:
    """List studies, the newest first."""
    with connected(where) as client:
        found = [study.facts for study in take(client.studies, limit)]
    rows = [(one["id"], one["name"], one["state"], _found(one), ago(one["created"])) for one in found]
    empty = "No studies yet. Start one: shoal study run yourfile.csv"
    shown = table(["ID", "NAME", "STATE", "FOUND", "WHEN"], rows) if rows else empty
    answer(found, output, text=shown, quiet="\n".join(one["id"] for one in found))


@app.command("show")
@located
def show_study(where: Where, study: Id, failed: Failed = False, output: Output = Format.TABLE) -> None:
    """Show what a study found, or with --failed which fits failed and why."""
    with connected(where) as client:
        found = client.studies.get(study)
        if failed:
            _show_failed([fit for fit in found.fits() if fit["state"] == "failed"], output)
        else:
            show(found, output)


@app.command()
@located
def watch(where: Where, study: Id, out: Out = None, raw: Raw = False, output: Output = Format.TABLE) -> None:
    """Watch a study until it ends, then show what it found; also goes on with one that was interrupted."""
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


def _found(facts: dict[str, Any]) -> str | None:
    best = facts["best"]
    return best and f"{counted(best['k'], 'cluster')} ({best['covariance']})"


def _ids(fits: str | None) -> list[int] | None:
    if fits is None:
        return None
    try:
        return [int(part) for part in fits.split(",")]
    except ValueError:
        raise typer.BadParameter("Give ids of fits, like 3,17.", param_hint="--fits") from None


def _show_failed(fits: list[dict[str, Any]], output: Format) -> None:
    if output is Format.JSON:
        print_json(fits)
        return
    rows = [(fit["fit"], fit["k"], fit["covariance"], fit["error"]) for fit in fits]
    answer(fits, output, text=table(["FIT", "K", "SHAPE", "WHY"], rows) if rows else "No fit failed.")
