import re
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest

from shoal.base.errors import Conflict
from shoal.studies.telling.document import brief, document
from shoal.studies.telling.report import render_report
from tests.unit.studies.summaries import best, profile, study, summary

NASTY = "<a href=\"x\" onclick='y'>&{{ 7*7 }}</script><script>alert(1)</script>"


class Page(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(**changes: Any) -> tuple[str, Page]:
    made = study(summary(**changes))
    source = render_report(made, document(made, []))
    return source, Page(source)


def test_the_answer_stands_before_the_tables() -> None:
    source, page = rendered()
    assert "<strong>3 groups (clusters)</strong> of 151, 123 and 68 rows." in source
    assert page.text.index("This is a firm result") < page.text.index("Recommended number of clusters")
    assert [tag for tag, _ in page.tags].count("h1") == 1


def test_numbers_are_those_of_the_json() -> None:
    found = summary()
    source, _ = rendered()
    embedded = re.search(r'<script type="application/json" id="study">(.*?)</script>', source, re.DOTALL)
    assert embedded
    assert orjson.loads(embedded[1])["summary"] == found
    titles = {attrs["title"] for tag, attrs in Page(source).tags if tag == "span" and "title" in attrs}
    assert {repr(fit["bic"]) for fit in found["recommended"].values()} <= titles


def test_names_from_files_are_data_and_never_markup() -> None:
    made = study(
        summary(columns=[NASTY], profiles=[profile(1, 9, **{NASTY: 1.0}), profile(2, 9, **{NASTY: -1.0})])
        | {"whole": {NASTY: {"mean": 1.0, "sd": 1.0, "gap": 0.0}}},
        name=NASTY,
    )
    source = render_report(made, document(made, []))
    page = Page(source)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not any("onclick" in attrs for _, attrs in page.tags)
    assert "<script>alert" not in source
    assert "49" not in page.text[: page.text.index("Recommended")]


def test_nothing_is_fetched_from_anywhere() -> None:
    source, page = rendered()
    assert not any(tag in ("img", "link", "iframe") or "src" in attrs for tag, attrs in page.tags)
    assert "http:" not in source
    assert "https:" not in source


@pytest.mark.parametrize("word", ["None", "nan", "undefined", "Undefined"])
def test_no_programmers_words_reach_the_reader(word: str) -> None:
    cases: list[dict[str, Any]] = [
        {},
        {"best": None, "recommended": {}, "profiles": []},
        {"rival": None, "stability": None},
    ]
    for changes in cases:
        text = rendered(whole={}, columns=[], **changes)[1].text
        assert word not in text[: text.index('{"format"')]


def test_a_shape_without_a_fit_says_how_far_it_was() -> None:
    assert "not available: 12 of 17 rows" in rendered()[1].text


def test_no_answer_is_said_with_what_to_do() -> None:
    text = "No fit has all clusters at 17 rows or more. Allow smaller clusters."
    note = {"code": "nothing-passes", "text": text, "act": "--min-members 8"}
    page = rendered(best=None, recommended={}, profiles=[], notes=[note])[1]
    read = page.text[: page.text.index('{"format"')]
    assert read.count(text) == 1
    assert "--min-members 8" in read


def test_an_unfinished_study_has_no_report() -> None:
    made = study()._replace(summary=None)
    with pytest.raises(Conflict):
        render_report(made, {})


def test_the_printed_object_has_the_promised_names() -> None:
    files = {"report": "r.html", "labels": "l.csv", "json": "s.json"}
    printed = brief(study(), files)
    assert list(printed) == [
        "id", "rows", "columns", "fits", "failed", "seconds", "best", "recommended", "wins", "notes", "files",
    ]  # fmt: skip
    assert list(printed["best"]) == ["k", "covariance", "bic", "aic", "icl", "log_likelihood", "sizes"]
    assert printed["recommended"]["full-tied"] == {"k": 3, "bic": -4432.9}
    assert (printed["wins"], printed["files"], printed["seconds"]) == ({"3": 10}, files, 14.0)


def test_without_an_answer_best_is_null() -> None:
    assert brief(study(summary(best=None)), {})["best"] is None


def test_the_command_repeats_what_differs_from_the_default() -> None:
    made = study()
    text = document(made._replace(plan=made.plan.extended(12)), [])["command"]
    assert text == (
        "shoal study run penguins.csv --max-k 12 --columns bill_depth_mm,body_mass_g "
        "--min-members 17 --seed 0"
    )


def test_the_best_fit_is_marked_once() -> None:
    source, page = rendered(recommended={"diag-tied": best(), "full-tied": best(3, "full-tied")})
    assert source.count('class="number best"') == 1
    assert "Diagonal" in page.text
