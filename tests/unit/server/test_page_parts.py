from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from shoal.server import pages
from shoal.server.pages.address import Address, Pages
from shoal.server.pages.histograms import HEIGHT, WIDTH, bars, words
from shoal.server.pages.tables import as_csv
from shoal.server.pages.warming import warm
from shoal.storage.columns import describe
from shoal.storage.statistics import Statistics, statistics
from shoal.studies import telling


def address(**query: str) -> Address:
    return Address(
        "/app/x", {"q": "", "sort": "created", "order": "desc"} | query, {"sort": "created", "order": "desc"}
    )


def of(values: Sequence[object]) -> Statistics:
    table = pa.table({"a": values})
    return statistics(table, describe(table, ["a"]))[0]


def test_links_hold_only_what_differs_from_the_default() -> None:
    assert address().to() == "/app/x"
    assert address(q="a&b").to() == "/app/x?q=a%26b"
    assert address(q="a").to(page=2) == "/app/x?q=a&page=2"
    assert address(q="a").to("/app/x.csv") == "/app/x.csv?q=a"


def test_the_head_of_the_present_column_turns_it_round() -> None:
    assert address().sorted_by("created", "desc") == "/app/x?order=asc"
    assert address(order="asc").sorted_by("created", "desc") == "/app/x"
    assert address().sorted_by("name", "asc") == "/app/x?sort=name&order=asc"
    assert address(sort="name", order="asc").sorted_by("name", "asc") == "/app/x?sort=name"


@pytest.mark.parametrize(
    ("page", "total", "last", "sentence"),
    [
        (1, 0, 1, "1\N{EN DASH}0 of 0"),
        (1, 25, 1, "1\N{EN DASH}25 of 25"),
        (2, 26, 2, "26\N{EN DASH}26 of 26"),
        (24, 600, 24, "576\N{EN DASH}600 of 600"),
        (9, 30, 2, "nothing on page 9 of 2"),
    ],
)
def test_pages_say_where_they_are(page: int, total: int, last: int, sentence: str) -> None:
    pages = Pages(page, total)
    assert (pages.last, pages.sentence) == (last, sentence)


def test_a_histogram_is_one_path_inside_its_box_and_its_words_name_the_tallest_bar() -> None:
    found = of([float(value) for value in np.random.default_rng(0).normal(5, 1, 500)] + [500.0])
    assert found.histogram is not None
    drawn = [
        tuple(map(float, re.findall(r"-?[\d.]+", bar))) for bar in bars(found.histogram).split("z") if bar
    ]
    assert len(drawn) == sum(count > 0 for count in found.histogram.counts)
    assert all(x >= 0 and x + wide <= WIDTH + 1 and 1 <= -up <= HEIGHT for x, _, up, wide, _ in drawn)
    assert "500 rows, 100%" in words(found)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([2.0, 2.0], "Every value is 2.00."),
        (["a", "b", "a", None], "2 different: a 2, b 1"),
        (["a", "b", "c", "d", "e"], "5 different: a 1, b 1, c 1 and 2 more"),
        ([None, None], ""),
    ],
)
def test_columns_that_have_no_shape_are_told_in_words(values: list[object], told: str) -> None:
    assert words(of(values)) == told


def test_tables_for_spreadsheets_run_nothing() -> None:
    assert as_csv({"name": ["=1+1", 'a,"b"', "plain"]}) == b'name\n\'=1+1\n"a,""b"""\nplain\n'


def test_every_template_compiles_before_anyone_asks() -> None:
    folders = [Path(package.__path__[0]) / "templates" for package in (pages, telling)]
    assert warm() == len({path.name for folder in folders for path in folder.glob("*.j2")})
