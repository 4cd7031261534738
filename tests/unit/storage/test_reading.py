"""What the values, names, kinds and notes of a table are, for each way of writing it."""

from __future__ import annotations

import csv
import gzip
import io
import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoal.base.errors import InvalidInput, TooLarge
from shoal.storage.columns import Column
from shoal.storage.options import ReadOptions
from shoal.storage.reading import Origin, read_table, table_as_read
from tests.support.hostile import as_parquet, rows, with_line, workbook
from tests.unit.storage.conftest import Read

PENGUINS = Path(__file__).parents[3] / "examples" / "penguins.csv"


def column_of(
    read: Read, cells: list[str], header: str = "a", **options: object
) -> tuple[Column, list[object]]:
    result = read("\n".join([f"{header};z", *(f"{cell};x" for cell in cells)]) + "\n", **options)
    return result.columns[0], result.table.column(0).to_pylist()


def test_the_shipped_penguins_are_read_as_a_person_would() -> None:
    result = read_table(PENGUINS)
    kinds = {column.name: (column.kind, column.missing) for column in result.columns}
    assert result.table.num_rows == 344
    assert result.notes == ()
    assert kinds == {
        "species": ("text", 0),
        "island": ("text", 0),
        "bill_length_mm": ("number", 2),
        "bill_depth_mm": ("number", 2),
        "flipper_length_mm": ("integer", 2),
        "body_mass_g": ("integer", 2),
        "sex": ("text", 11),
    }
    mass = result.columns[5]
    assert (mass.min, mass.max, mass.distinct, mass.role) == (2700, 6300, 94, None)
    assert mass.mean == pytest.approx(4201.7544, abs=1e-4)
    assert mass.sd == pytest.approx(801.9545, abs=1e-4)


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_each_separator_gives_the_same_numbers(read: Read, sep: str) -> None:
    assert read(rows(sep=sep)).table.equals(read(rows()).table)


def test_a_given_delimiter_wins(read: Read) -> None:
    content = "a,b;c\n1,2;3\n4,5;6\n"
    assert read(content, delimiter=";").table.column_names == ["a,b", "c"]
    assert read(content, delimiter="comma").table.column_names == ["a", "b;c"]


@pytest.mark.parametrize("delimiter", ["", ",,", "a", "1", '"', "\n", ".", "-", "é"])
def test_what_cannot_separate_is_refused(delimiter: str) -> None:
    with pytest.raises(InvalidInput, match="cannot separate values"):
        ReadOptions(delimiter=delimiter)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_each_encoding_gives_the_same_names(read: Read, encoding: str) -> None:
    content = rows(header="größe,naïve")
    raw = content.encode(encoding)
    raw = b"\xff\xfe" + raw if encoding == "utf-16-le" else raw
    result = read(raw)
    assert result.table.column_names == ["größe", "naïve"]
    assert result.table.column(0).equals(read(rows()).table.column(0))


def test_a_letter_across_a_megabyte_is_still_utf8(read: Read) -> None:
    padding = "x" * ((1 << 20) - len("a,b\n1,") - 1)
    result = read(f"a,b\n1,{padding}é\n2,y\n")
    assert result.origin.encoding == "utf-8"
    assert result.table.column(1)[0].as_py() == padding + "é"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(read: Read, end: str) -> None:
    assert read(rows().replace("\n", end)).table.equals(read(rows()).table)


@pytest.mark.parametrize(
    "word", ["", "NA", "N/A", "NaN", "null", "?", "-", "nan", "NULL", "n/a", " NA ", "Na", "nUlL"]
)
def test_words_for_no_value_are_counted(read: Read, word: str) -> None:
    column, values = column_of(read, ["1.5", word, "2.5"])
    assert (column.kind, column.missing, values) == ("number", 1, [1.5, None, 2.5])


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2", "-3"], [1, 2, -3]),
        (["+1", "2"], [1.0, 2.0]),
        ([".5", "5.", "1e3", "-1E-2"], [0.5, 5.0, 1000.0, -0.01]),
        ([" 1 ", "2"], [1.0, 2.0]),
        (["1,5", "2,25"], [1.5, 2.25]),
        (["1.234,5", "12"], [1234.5, 12.0]),
        (["1,234.5", "2.0"], [1234.5, 2.0]),
        (["1'000", "2.5"], [1000.0, 2.5]),
        (["1 000", "2.5"], [1000.0, 2.5]),
        (["45%", "5 %"], [45.0, 5.0]),
        (["\u22121.5", "2"], [-1.5, 2.0]),
        (["1.5", "inf", "-Infinity"], [1.5, None, None]),
        (["9007199254740993", "1"], [9007199254740993, 1]),
        (["9007199254740993", "1.5"], [9007199254740992.0, 1.5]),
    ],
)
def test_numbers_are_read_however_they_are_written(read: Read, cells: list[str], values: list[float]) -> None:
    column, found = column_of(read, cells)
    assert column.is_number
    assert found == values


@pytest.mark.parametrize(
    "cells", [["12:30", "2"], ["1.2.3", "4"], ["0x1F", "2"], ["1 2", "3"], ["45%", "45"]]
)
def test_what_only_looks_like_numbers_is_text(read: Read, cells: list[str]) -> None:
    column, found = column_of(read, cells)
    assert column.kind in ("text", "date")
    assert found == cells


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["2024-01-31", "2023-12-01"], "date"),
        (["2024-01-31T10:00:00Z", ""], "date"),
        (["31.12.2024", "01.01.2025"], "date"),
        (["12/31/24", "1/1/25"], "date"),
        (["2024-01-31", "soon"], "text"),
        (["true", "False"], "boolean"),
        (["yes", "no", "NA"], "boolean"),
        (["yes", "maybe"], "text"),
        (["NA", ""], "empty"),
    ],
)
def test_kinds_are_recognised(read: Read, cells: list[str], kind: str) -> None:
    assert column_of(read, cells)[0].kind == kind


@pytest.mark.parametrize("header", ["id", "ID", "Index", "customer_id", "userId", "#", "", "row"])
def test_whole_numbers_that_name_rows_are_ids(read: Read, header: str) -> None:
    assert column_of(read, ["3", "1", "2"], header)[0].role == "id"


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("humid", ["1", "2"]),
        ("id", ["1", "1"]),
        ("id", ["1.5", "2"]),
        ("age", ["1", "2"]),
        ("Rapid", ["1", "2"]),
    ],
)
def test_other_numbers_are_no_ids(read: Read, header: str, cells: list[str]) -> None:
    assert column_of(read, cells, header)[0].role is None


def test_numbers_that_start_with_zero_are_codes_and_kept_as_numbers(read: Read) -> None:
    result = read("zip,x\n" + "01234,1\n22011,2\n" * 9)
    assert (result.columns[0].role, result.columns[0].kind) == ("id", "integer")
    assert "numbers start with 0, like codes" in result.notes[0]


@pytest.mark.parametrize("name", ["longitude", "Latitude", " LONGITUDE "])
def test_places_are_recognised_in_any_case(read: Read, name: str) -> None:
    assert column_of(read, ["1.5", "2"], name)[0].role == "spatial"


def test_constant_columns_are_recognised(read: Read) -> None:
    result = read("a,b,c\n1,x,1.5\n1,x,NA\n1,y,1.5\n")
    assert [column.constant for column in result.columns] == [True, False, True]


def test_header_spaces_are_trimmed_for_use_and_kept_for_export(read: Read) -> None:
    result = read(rows(header="dimension1, dimension2"))
    assert [(column.name, column.header) for column in result.columns] == [
        ("dimension1", "dimension1"),
        ("dimension2", " dimension2"),
    ]


def test_names_that_are_taken_get_the_next_free_number(read: Read) -> None:
    result = read(rows(header="a,a_2,a,,column_4,A"))
    assert result.table.column_names == ["a", "a_2", "a_3", "column_4_2", "column_4", "A"]


def test_a_few_strays_among_numbers_are_missing_and_said(read: Read) -> None:
    column, values = column_of(read, ["1.5", *["2.5"] * 10, "n.d."])
    assert (column.kind, column.missing, values[-1]) == ("number", 1, None)
    result = read("a;z\n" + "1.5;x\n" * 11 + "n.d.;x\n")
    assert "Column a: row 13 holds 'n.d.', which is no number. It is taken as missing." in result.notes


def test_many_strays_make_a_column_text_and_it_is_said(read: Read) -> None:
    result = read("a,z\n" + "1.5,x\n" * 8 + "low,x\nhigh,x\n")
    assert result.columns[0].kind == "text"
    assert result.table.column(0).to_pylist() == ["1.5"] * 8 + ["low", "high"]
    assert "row 10 holds 'low'" in result.notes[0]


def test_a_column_that_turns_to_text_after_megabytes_is_text_from_its_first_row(read: Read) -> None:
    numbers, words = 200_000, 60_000
    content = "a,b\n" + "007.25,1\n" * numbers + "word,2\n" * words
    result = read(content)
    cells = result.table.column("a")
    assert (result.columns[0].kind, cells[0].as_py(), cells[-1].as_py()) == ("text", "007.25", "word")
    assert result.columns[1].mean == pytest.approx((numbers + 2 * words) / (numbers + words))


def test_whole_numbers_that_get_points_after_megabytes_are_numbers(read: Read) -> None:
    result = read("a,b\n" + "1,1\n" * 400_000 + "2.5,1\n")
    assert (result.columns[0].kind, result.columns[0].max) == ("number", 2.5)
    assert result.columns[1].kind == "integer"


def test_the_line_of_a_fault_counts_blank_lines_and_line_ends_in_quotes(read: Read) -> None:
    content = 'a,b\n\n1,"x\ny"\n2,z\n3\n'
    with pytest.raises(InvalidInput, match=r"row 6: 1 value, the header has 2\.") as refused:
        read(content)
    assert refused.value.details["row"] == 6
    assert "6 | 3\n" in refused.value.hint


def test_a_fault_far_down_is_found(read: Read) -> None:
    with pytest.raises(InvalidInput, match="row 300001: 3 values") as refused:
        read(with_line("1,2,3", 300_001, "a,b\n" + "1,2\n" * 400_000))
    assert refused.value.error_code == "ragged_row"


def test_an_open_quote_in_the_last_column_does_not_swallow_rows(read: Read) -> None:
    content = rows(header="a,b") + '1,"lost\n' + rows().partition("\n")[2]
    with pytest.raises(InvalidInput, match=r"row 62: a quote \(\"\) is opened and never closed"):
        read(content)


def test_an_inch_mark_is_no_open_quote(read: Read) -> None:
    result = read('size,n\n5" pipe,1\n6" pipe,2\n7 pipe,3"\n')
    assert result.table.column(0).to_pylist() == ['5" pipe', '6" pipe', "7 pipe"]


def test_quoted_values_may_hold_everything(read: Read) -> None:
    result = read('a,b\n"x, ""y""\nz",1\n"","2"\n')
    assert result.table.to_pylist() == [{"a": 'x, "y"\nz', "b": 1}, {"a": None, "b": 2}]


def test_a_missing_file_is_named_with_one_that_is_close(tmp_path: Path) -> None:
    (tmp_path / "penguins.csv").write_text(rows())
    with pytest.raises(InvalidInput) as refused:
        read_table(tmp_path / "penguins.cvs")
    assert refused.value.message == "penguins.cvs: no such file."
    assert refused.value.hint == f"Did you mean {tmp_path / 'penguins.csv'}?"


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path, fact in [(tmp_path, "a folder"), (tmp_path / "pipe.csv", "not a regular file")]:
        with pytest.raises(InvalidInput, match=fact):
            read_table(path)
    with pytest.raises(InvalidInput, match="NUL"):
        read_table(Path("a\0b.csv"))
    with pytest.raises(InvalidInput, match="too long"):
        read_table(tmp_path / ("x" * 300))


def test_gzip_gives_the_same_table(read: Read) -> None:
    assert read(gzip.compress(rows().encode()), "data.csv.gz").table.equals(read(rows()).table)


def test_parquet_gives_the_same_numbers(read: Read) -> None:
    table = read(rows()).table
    result = read(as_parquet(table), "data.parquet")
    assert result.table.equals(table)


def test_excel_gives_the_same_numbers_dates_and_words(read: Read) -> None:
    content: list[list[Any]] = [["id", "x", "when", "ok", "word"]]
    content += [[n, n / 4, date(2024, 1, n), n > 2, "NA" if n == 3 else "w"] for n in range(1, 6)]
    result = read(workbook({"one": content}), "data.xlsx")
    assert [column.kind for column in result.columns] == ["integer", "number", "date", "boolean", "text"]
    assert result.columns[0].role == "id"
    assert result.table.column("x").to_pylist() == [n / 4 for n in range(1, 6)]
    assert result.table.column("word").null_count == 1


def test_a_table_in_memory_is_read_by_the_same_rules() -> None:
    result = table_as_read(pa.table({" a ": [1.0, float("nan"), float("inf")], "b": ["x", "y", None]}))
    assert [column.name for column in result.columns] == ["a", "b"]
    assert [column.missing for column in result.columns] == [2, 1]
    with pytest.raises(InvalidInput, match="no rows"):
        table_as_read(pa.table({"a": pa.array([], pa.float64())}))


def test_origins_and_columns_survive_json(read: Read) -> None:
    result = read(rows(sep=";", decimal=","))
    assert Origin.from_json(result.origin.as_json()) == result.origin
    assert tuple(Column.from_json(column.as_json()) for column in result.columns) == result.columns


def test_the_limit_holds_before_and_after_expansion(read: Read) -> None:
    content = rows(2000).encode()
    with pytest.raises(TooLarge, match="the limit here is 10 KB"):
        read(content, max_expanded_bytes=10_240)
    with pytest.raises(TooLarge, match="expands to more than the limit"):
        read(gzip.compress(content), "data.csv.gz", max_expanded_bytes=20_480)
    assert read(gzip.compress(content), "data.csv.gz", max_expanded_bytes=len(content)).table.num_rows == 2000


def test_numbers_are_those_of_numpy(read: Read) -> None:
    values = np.random.default_rng(0).normal(size=(5000, 3)) * 10.0 ** np.arange(-150, 150, 100)
    content = "a,b,c\n" + "\n".join(",".join(map(repr, row)) for row in values.tolist()) + "\n"
    result = read(content)
    assert np.array_equal(np.column_stack([column.to_numpy() for column in result.table.columns]), values)


LETTERS = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t")
WORDS = st.text(LETTERS, max_size=8).map("w{}".format)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_words_survive_any_csv_writer(read: Read, cells: list[tuple[str, str]], delimiter: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([("first", "second"), *cells])
    table = read(out.getvalue(), delimiter=delimiter).table
    assert list(zip(*(column.to_pylist() for column in table.columns), strict=True)) == cells
