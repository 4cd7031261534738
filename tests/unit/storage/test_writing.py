from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.base.database import Database
from shoal.base.errors import InvalidInput
from shoal.storage import datasets
from shoal.storage.dataset import Dataset
from shoal.storage.export import export_csv, save_csv
from shoal.storage.files import FileStorage
from shoal.storage.options import ReadOptions
from shoal.storage.writing import write_csv
from tests.support.hostile import CASES, as_parquet

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def written(columns: dict[str, Any], **options: Any) -> str:
    out = io.BytesIO()
    table = pa.table(columns)
    write_csv(out, table.column_names, table.to_batches(), {}, **options)
    return out.getvalue().decode()


def exported(database: Database, storage: FileStorage, path: Path, **options: Any) -> str:
    dataset = datasets.add(database, storage, path)
    out = io.BytesIO()
    export_csv(storage, dataset, out, {"Label": labels(dataset)}, **options)
    return out.getvalue().decode()


def labels(dataset: Dataset) -> Any:
    return pa.array(np.arange(dataset.rows) % 3, mask=np.arange(dataset.rows) == 1)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1), st.sampled_from([",", ";"]))
def test_what_is_written_raw_is_what_a_csv_reader_reads(cells: list[tuple[str, str]], delimiter: str) -> None:
    text = written({"a": [a for a, _ in cells], "b": [b for _, b in cells]}, raw=True, delimiter=delimiter)
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert read == [["a", "b"], *map(list, cells)]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+x", "-x", "@SUM(A1)", "\tx", "\rx", "=", "-2+3", "+49 (170) 1", "-1-1", "@", "+", "=NA"],
)
def test_a_text_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    row = list(csv.reader(io.StringIO(written({"a": [cell, "x"]}), newline="")))[1]
    assert row == [f"'{cell}"]
    assert next(csv.reader(io.StringIO(written({cell: ["x"]}), newline=""))) == [f"'{cell}"]
    assert list(csv.reader(io.StringIO(written({"a": [cell]}, raw=True), newline="")))[1] == [cell]


@pytest.mark.parametrize(
    "cell", ["-1", "+1.50", "-1,5", "-1.234,5", "-.5", "-1e-3", "-5%", "-", "-inf", "-1 000"]
)
def test_numbers_and_missing_values_stay_as_they_are(cell: str) -> None:
    assert list(csv.reader(io.StringIO(written({"a": [cell]}))))[1] == [cell]


def test_typed_values_are_written_plainly() -> None:
    text = written(
        {"i": [1, None], "f": [0.1, 1e300], "b": [True, False], "l": [[1], None], "x": [b"\xff", None]}
    )
    assert text == "i,f,b,l,x\n1,0.1,true,[1],ff\n,1e+300,false,,\n"


def test_every_cell_stays_as_it_stood_in_the_file(
    database: Database, storage: FileStorage, tmp_path: Path
) -> None:
    content = 'id, x ,word\n007,1.50,"a, b"\n2,NA,=1\n3,1e5,"say ""x"""\n4, 2 ,\n'
    path = tmp_path / "d.csv"
    path.write_text(content)
    assert exported(database, storage, path) == (
        'id, x ,word,Label\n007,1.50,"a, b",0\n2,NA,\'=1,\n3,1e5,"say ""x""",2\n4, 2 ,,0\n'
    )
    assert exported(database, storage, path, raw=True).splitlines()[2] == "2,NA,=1,"


@pytest.mark.parametrize(
    ("raw", "file"),
    [
        ("a;b\n1,50;x\n2,0;y\n".encode("utf-16"), "d.csv"),
        (gzip.compress(b"a;b\n1,50;x\n2,0;y\n", mtime=0), "d.csv.gz"),
        (b"sep=;\n\na;b\n\n1,50;x\n\n2,0;y", "d.csv"),
    ],
)
def test_semicolons_and_decimal_commas_stay(
    database: Database, storage: FileStorage, tmp_path: Path, raw: bytes, file: str
) -> None:
    (tmp_path / file).write_bytes(raw)
    assert exported(database, storage, tmp_path / file) == "a;b;Label\n1,50;x;0\n2,0;y;\n"


def test_tabs_become_commas_and_what_needs_quotes_gets_them(
    database: Database, storage: FileStorage, tmp_path: Path
) -> None:
    (tmp_path / "d.tsv").write_text("a\tb\n1\tx,y\n2\tz\n")
    assert exported(database, storage, tmp_path / "d.tsv") == 'a,b,Label\n1,"x,y",0\n2,z,\n'


def test_a_label_of_its_own_does_not_collide(
    database: Database, storage: FileStorage, tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text("a,Label\n1,2\n3,4\n")
    assert exported(database, storage, tmp_path / "d.csv").startswith("a,Label,Label_2\n1,2,0\n")


def test_parquet_is_written_from_its_table(database: Database, storage: FileStorage, tmp_path: Path) -> None:
    (tmp_path / "d.parquet").write_bytes(as_parquet(pa.table({"a": [0.5, 2.0], "b": ["=x", None]})))
    assert exported(database, storage, tmp_path / "d.parquet") == "a,b,Label\n0.5,'=x,0\n2,,\n"


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.expected == "ok"])
def test_every_table_that_is_read_can_be_written_with_its_labels(
    name: str, database: Database, storage: FileStorage, tmp_path: Path
) -> None:
    case = CASES[name]
    (tmp_path / case.file).write_bytes(case.content)
    dataset = datasets.add(database, storage, tmp_path / case.file, options=ReadOptions())
    target = tmp_path / "out" / "labels.csv"
    assert save_csv(target, storage, dataset, {"Label": labels(dataset)}, raw=True) == dataset.rows
    mark = ";" if dataset.origin.layout and dataset.origin.layout.delimiter == ";" else ","
    with target.open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file, delimiter=mark))
    assert found[0] == [*(column.header for column in dataset.columns), "Label"]
    assert [row[-1] for row in found[1:]] == [
        str(x) if x is not None else "" for x in labels(dataset).to_pylist()
    ]
    assert {len(row) for row in found} == {len(dataset.columns) + 1}


def test_labels_for_other_rows_are_refused_and_leave_no_file(
    database: Database, storage: FileStorage, tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text("a,b\n1,2\n3,4\n")
    dataset = datasets.add(database, storage, tmp_path / "d.csv")
    for wrong in ([1], [1, 2, 3]):
        with pytest.raises(InvalidInput, match="for 2 rows"):
            save_csv(tmp_path / "labels.csv", storage, dataset, {"Label": wrong})
    assert not (tmp_path / "labels.csv").exists()
