"""`shoal study list` and `show`: what there is, what was found, what failed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Limit, Output
from shoal.cli.output import answer, table
from shoal.cli.study_following import show
from shoal.cli.study_options import Id
from shoal.cli.words import ago, take
from shoal.studies.wording import counted, printable

# As many ids as a line holds.
MOST_IDS = 12


class State(StrEnum):
    """Where a study stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


Failed = Annotated[bool, typer.Option("--failed", help="Why fits failed, and how to run them again.")]
States = Annotated[list[State] | None, typer.Option("--state", help="Only this state; repeatable.")]
Search = Annotated[
    str, typer.Option("--search", metavar="TEXT", help="Only with this in the name, or as the id's start.")
]


@located
def list_studies(
    where: Where, state: States = None, search: Search = "", limit: Limit = 20, output: Output = Format.TABLE
) -> None:
    """List studies, the newest first."""
    with connected(where) as client:
        wanted = client.studies.find(state=[one.value for one in state or ()] or None, q=search or None)
        found = [study.facts for study in take(wanted, limit)]
    rows = [
        (one["id"], printable(one["name"]), one["state"], _found(one), ago(one["created"])) for one in found
    ]
    empty = "No studies yet. Start one: shoal study run yourfile.csv"
    if state or search:
        empty = "No study is like that."
    shown = table(["ID", "NAME", "STATE", "FOUND", "WHEN"], rows) if rows else empty
    answer(found, output, text=shown, quiet="\n".join(one["id"] for one in found))


@located
def show_study(where: Where, study: Id, failed: Failed = False, output: Output = Format.TABLE) -> None:
    """Show what a study found.

    With --failed: why fits failed, and how to run them again.
    """
    with connected(where) as client:
        found = client.studies.get(study)
        if not failed:
            return show(found, output)
        reasons = found.failures()
    ids = [str(fit) for reason in reasons for fit in reason["fits"]]
    answer(reasons, output, text=_failures(found.id, reasons), quiet="\n".join(ids))


def _failures(study: str, reasons: list[dict[str, Any]]) -> str:
    if not reasons:
        return "No fit failed."
    rows = [(f"{one['count']:,}", _ids(one["fits"], one["count"]), printable(one["text"])) for one in reasons]
    again = [f"Run all of them again: shoal study rerun {study}"]
    if len(reasons) > 1:
        first = ",".join(map(str, reasons[0]["fits"][:MOST_IDS]))
        again.append(f"Only some: shoal study rerun {study} --fits {first}")
    return "\n".join([table(["TIMES", "FITS", "WHY"], rows, right=["TIMES"]), "", *again])


def _ids(fits: list[int], count: int) -> str:
    shown = ",".join(map(str, fits[:MOST_IDS]))
    return shown if count <= MOST_IDS else f"{shown},..."


def _found(facts: dict[str, Any]) -> str | None:
    best = facts["best"]
    return best and f"{counted(best['k'], 'cluster')} ({best['covariance']})"


def register(app: typer.Typer) -> None:
    """Add the commands to `shoal study`."""
    app.command("list")(list_studies)
    app.command("show")(show_study)
