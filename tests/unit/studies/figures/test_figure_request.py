from __future__ import annotations

from typing import Any

import pytest

from shoal.base.errors import InvalidInput, NotFound
from shoal.clustering.modes import MODE_NAMES
from shoal.studies.figures.request import FigureRequest

COLUMNS = ["bill_length", "bill.depth"]


def check(wish: FigureRequest) -> None:
    wish.check(COLUMNS, MODE_NAMES[:2], fits=10)


def test_a_request_comes_back_from_json_and_what_is_unknown_is_left_out() -> None:
    wish = FigureRequest("cluster", "png", x="bill.depth", min_members=3, theme="dark", scale=2.0)
    assert FigureRequest.from_json(wish.as_json() | {"later": 1}) == wish
    check(wish)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"name": "plot"}, NotFound, "There is no figure plot. There are: scores"),
        ({"format": "gif"}, InvalidInput, "format is 'gif'; it can be json, svg, png, pdf, csv."),
        ({"criterion": "icl"}, InvalidInput, "criterion is 'icl'"),
        ({"theme": "blue"}, InvalidInput, "theme is 'blue'"),
        (
            {"x": "bill_lenth"},
            InvalidInput,
            "There is no number column bill_lenth. Did you mean bill_length?",
        ),
        (
            {"y": "species"},
            InvalidInput,
            "There is no number column species. There are: bill_length, bill.depth.",
        ),
        ({"covariance": "spher-tied"}, InvalidInput, "it can be full-tied, full-untied."),
        ({"scale": 100.0}, InvalidInput, "The scale is 100; it can be 0.25 to 4."),
        ({"scale": float("nan")}, InvalidInput, "The scale is nan"),
        ({"min_members": 0}, InvalidInput, "it can be 1 row or more"),
        ({"fit": 3}, InvalidInput, "needs the id of a fit"),
        ({"name": "fit"}, InvalidInput, "needs the id of a fit"),
        ({"name": "fit", "fit": 10}, NotFound, "There is no fit 10. Ids are 0 to 9."),
    ],
)
def test_what_is_wrong_is_said_in_words(options: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error) as raised:
        check(FigureRequest(**{"name": "cluster"} | options))
    assert told in str(raised.value)


def test_wishes_for_the_same_picture_are_equal() -> None:
    one = FigureRequest("wins", "svg", x="bill_length", scale=3.0, criterion="aic", ticks=False)
    assert one.plain() == FigureRequest("wins", "svg")
    assert FigureRequest("wins", "png", scale=3.0).plain().scale == 3.0
    assert FigureRequest("clusters", "svg", min_members=3).plain().min_members == 3
