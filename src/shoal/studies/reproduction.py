"""Does a study give the same numbers again? What `study.json` says, against a new run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose
from pathlib import Path
from typing import Any

import orjson

from shoal.base.errors import InvalidInput
from shoal.studies.model import Fit, Study
from shoal.studies.plan import StudyPlan
from shoal.studies.summary import LATER
from shoal.studies.telling.document import FORMAT
from shoal.studies.telling.method import versions

# Scores agree to this across processors; on one machine they are the same bits.
RELATIVE = 1e-9
SCORES = ("bic", "aic", "icl", "log_likelihood")


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that is not what the document says."""

    what: str
    said: Any
    found: Any


def read_document(path: Path) -> dict[str, Any]:
    """Return what a `study.json` holds.

    Raises:
        InvalidInput: the file is not there, or is no study.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise InvalidInput(f"{path}: no such file.") from None
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read.", hint=str(error)) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InvalidInput(f"{path} is no study.", hint="Give the study.json of a study.")
    return content


def plan_of_document(content: Mapping[str, Any]) -> StudyPlan:
    """Return the plan to run again: the settled one, its smallest cluster and columns included.

    Raises:
        InvalidInput: the document has no plan that can run.
    """
    try:
        plan = StudyPlan.from_json(content["plan"])
        return replace(plan, max_k=max(plan.max_k, int(content["facts"]["asked_max_k"])))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("The document has no plan.", hint="It is not as Shoal wrote it.") from error


def check_data(content: Mapping[str, Any], name: str, sha256: str) -> None:
    """Raise `InvalidInput` unless a file of that name and hash is the one that the document names."""
    said = content["source"]["sha256"]
    if said != sha256:
        raise InvalidInput(
            f"{name} is not the file of the study: its SHA-256 is {sha256}.",
            hint=f"The study was made over {content['source']['name']} with {said}.",
        )


def differences(content: Mapping[str, Any], study: Study, fits: Sequence[Fit]) -> list[Difference]:
    """Return every number of a document that a new run does not give, to 1e-9 relative; times aside."""
    return [*_of_fits(content["fits"], fits), *_of_answer(content["summary"], study)]


def other_versions(content: Mapping[str, Any]) -> list[Difference]:
    """Return the programs whose versions are not those of the document."""
    now, then = versions(), content.get("versions", {})
    return [Difference(name, then.get(name), found) for name, found in now.items() if then.get(name) != found]


def _of_fits(said: Sequence[Mapping[str, Any]], found: Sequence[Fit]) -> Iterator[Difference]:
    cells = {(fit.experiment, fit.k, fit.covariance): fit for fit in found}
    for row in said:
        cell = (row["experiment"], row["k"], row["covariance"])
        name = f"fit {row['fit']} ({row['covariance']}, k {row['k']})"
        fit = cells.pop(cell, None)
        if fit is None:
            yield Difference(name, "run", "not run")
        else:
            yield from _of_fit(name, row, fit)
    yield from (Difference(f"fit {fit.fit}", "not run", "run") for fit in cells.values())


def _of_fit(name: str, row: Mapping[str, Any], fit: Fit) -> Iterator[Difference]:
    if row["state"] != fit.state or list(row["sizes"]) != list(fit.sizes):
        yield Difference(f"{name} sizes", row["sizes"] or row["state"], list(fit.sizes) or fit.state)
    for score in SCORES:
        if not _same(row[score], getattr(fit, score)):
            yield Difference(f"{name} {score}", row[score], getattr(fit, score))


def _same(said: float | None, found: float | None) -> bool:
    if said is None or found is None:
        return said is found
    return isclose(said, found, rel_tol=RELATIVE)


def _of_answer(said: Mapping[str, Any] | None, study: Study) -> Iterator[Difference]:
    found: Any = study.summary
    if said is not None and found is not None:  # Studies of earlier versions do not say everything.
        found = {name: value for name, value in found.items() if name in said or name not in LATER}
    yield from _unlike("summary", said, found)


def _unlike(where: str, said: Any, found: Any) -> Iterator[Difference]:
    """Yield what differs in two JSON values.

    Ids of fits may, for a study that grew counts them differently; so may notes, for a column that was left
    out is not mentioned when the others are named.
    """
    if isinstance(said, Mapping) and isinstance(found, Mapping):
        for name in sorted({*said, *found} - {"fit", "notes"}):
            yield from _unlike(f"{where}.{name}", said.get(name), found.get(name))
    elif isinstance(said, list) and isinstance(found, list | tuple) and len(said) == len(found):
        for place, (left, right) in enumerate(zip(said, found, strict=True)):
            yield from _unlike(f"{where}.{place}", left, right)
    elif not (_same(said, found) if isinstance(said, float) and isinstance(found, float) else said == found):
        yield Difference(where, said, found)
