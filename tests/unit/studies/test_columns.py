from dataclasses import dataclass

import pytest

from shoal.base.errors import InvalidInput
from shoal.studies.planning.columns import choose_columns


@dataclass(frozen=True)
class Column:
    name: str
    kind: str = "number"
    constant: bool = False
    role: str | None = None


PLACES = [Column(" Longitude", role=None), Column("LATITUDE", role="spatial")]
ALL = [
    Column("a"),
    Column("b", "integer"),
    Column("row", "integer", role="id"),
    Column("species", "text"),
    Column("born", "date"),
    Column("site", constant=True),
    *PLACES,
]


def test_by_default_numbers_that_are_no_place_id_or_constant() -> None:
    choice = choose_columns(ALL, None)
    assert choice.used == ("a", "b")
    assert choice.constant == ("site",)
    assert choice.sentence() == (
        "1 id column, 1 text column, 1 date column, 1 constant column, 2 place columns"
    )


def test_places_and_ids_may_be_asked_for() -> None:
    assert choose_columns(ALL, ["row", " Longitude"]).used == ("row", " Longitude")


def test_asked_columns_keep_the_order_of_the_file() -> None:
    assert choose_columns(ALL, ["b", "a"]).used == ("a", "b")


@pytest.mark.parametrize(
    ("columns", "asked", "told"),
    [
        (ALL, ["specie"], "Did you mean species?"),
        (ALL, ["species"], "Column species is text; only numbers can be grouped."),
        ([Column("s", "text")], None, "There are no number columns. Text cannot be grouped yet."),
        ([Column("x", constant=True)], None, "x has the same value in every row: there is nothing to group."),
        (PLACES, None, "--columns"),
    ],
)
def test_what_cannot_be_grouped_is_refused_in_words(
    columns: list[Column], asked: list[str] | None, told: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        choose_columns(columns, asked)
    assert told in str(caught.value)
