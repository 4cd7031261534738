"""`shoal study export`: what a study found, as files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shoal.base.files import durable_file
from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, table
from shoal.cli.study_following import WRITTEN, save, save_fit
from shoal.cli.study_options import Id, Out, Raw

if TYPE_CHECKING:
    from shoal.client.studies import Study


class ModelFormat(StrEnum):
    """How a model is written."""

    JSON = "json"
    NPZ = "npz"


Fit = Annotated[int | None, typer.Option("--fit", metavar="N", min=0, help="The labels of this fit.")]
Model = Annotated[
    ModelFormat | None, typer.Option("--model", help="Only the clusters, for other programs, as this.")
]
Shape = Annotated[
    str | None, typer.Option("--covariance", metavar="MODE", help="Whose model; the best if not given.")
]


@located
def export(
    where: Where,
    study: Id,
    out: Out = None,
    fit: Fit = None,
    model: Model = None,
    covariance: Shape = None,
    raw: Raw = False,
    output: Output = Format.TABLE,
) -> None:
    """Write a study's report, labels and numbers into a folder.

    Or the labels of one fit, or the model.
    """
    if fit is not None and model is not None:
        raise typer.BadParameter("Give --fit or --model, not both.", param_hint="--model")
    if covariance is not None and model is None:
        raise typer.BadParameter("It goes with --model.", param_hint="--covariance")
    with connected(where, work=fit is not None) as client:
        found = client.studies.get(study)
        folder = out or Path(f"{found.id}-study")
        if model is not None:
            files = _save_model(found, folder, model, covariance)
        elif fit is not None:
            files = save_fit(found, fit, folder, raw=raw)
        else:
            files = save(found, folder, raw=raw, fits=True)
    answer(files, output, text=table(["PART", "FILE"], list(files.items())), quiet="\n".join(files.values()))


def _save_model(study: Study, folder: Path, model: ModelFormat, covariance: str | None) -> dict[str, str]:
    path = folder / f"model.{model.value}"
    content = study.model(model.value, covariance=covariance)
    with durable_file(WRITTEN, path) as file:
        file.write(content)
    return {"model": str(path)}


def register(app: typer.Typer) -> None:
    """Add the command to `shoal study`."""
    app.command()(export)
