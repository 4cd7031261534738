import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from shoal.base.errors import InvalidInput
from shoal.studies.model import Fit
from shoal.studies.reproduction import differences, other_versions, plan_of_document, read_document
from shoal.studies.telling.document import document
from shoal.studies.telling.exporting import COLUMNS, fits_as_csv
from tests.unit.studies.summaries import study

FITS = [
    Fit(
        0, 0, 1, "full-tied", bic=-10.0, aic=-9.0, icl=-11.0, log_likelihood=-8.0, sizes=(342,), seconds=0.25
    ),
    Fit(1, 0, 2, "full-tied", state="failed", error="=bad, worse"),
]


def said() -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(orjson.dumps(document(study(), FITS)))
    return content


def test_the_same_numbers_are_reproduced_whatever_the_time_they_took() -> None:
    again = [replace(FITS[0], seconds=9.0, bic=-10.0 * (1 + 5e-10)), FITS[1]]
    assert differences(said(), study(), again) == []


@pytest.mark.parametrize(
    ("again", "what"),
    [
        ([replace(FITS[0], icl=-11.0000001), FITS[1]], "fit 0 (full-tied, k 1) icl"),
        ([replace(FITS[0], sizes=(341, 1)), FITS[1]], "fit 0 (full-tied, k 1) sizes"),
        ([FITS[0]], "fit 1 (full-tied, k 2)"),
        ([*FITS, Fit(2, 0, 3, "full-tied")], "fit 2"),
        ([FITS[0], replace(FITS[1], bic=-1.0)], "fit 1 (full-tied, k 2) bic"),
    ],
)
def test_every_other_number_is_told_by_its_fit(again: list[Fit], what: str) -> None:
    assert [difference.what for difference in differences(said(), study(), again)] == [what]


def test_ids_may_differ_for_cells_are_compared() -> None:
    again = [replace(FITS[1], fit=0), replace(FITS[0], fit=1)]
    assert differences(said(), study(), again) == []


def test_the_settled_plan_comes_back_from_the_document() -> None:
    assert plan_of_document(said()) == study().plan


def test_other_versions_are_told() -> None:
    content = said()
    content["versions"]["numpy"] = "1.0"
    assert [(one.what, one.said) for one in other_versions(content)] == [("numpy", "1.0")]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": "other"}', b"\xff"])
def test_what_is_no_study_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "study.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInput):
        read_document(path)
    with pytest.raises(InvalidInput, match="no such file"):
        read_document(tmp_path / "other.json")


def test_a_document_without_a_plan_is_refused() -> None:
    with pytest.raises(InvalidInput):
        plan_of_document({"format": "shoal-study/1"})


def test_fits_are_exported_with_every_digit() -> None:
    rows = list(csv.DictReader(io.StringIO(fits_as_csv(FITS).decode())))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["bic"], rows[0]["sizes"], rows[0]["smallest"]) == ("-10.0", "342", "342")
    assert (rows[1]["state"], rows[1]["bic"], rows[1]["error"]) == ("failed", "", "=bad, worse")
