from typing import Any

from shoal.clustering.selection import Note as Remark
from shoal.studies.model import Facts
from shoal.studies.plan import StudyPlan
from shoal.studies.summary import Note
from shoal.studies.telling.notes import Grounds, notes

EDGE = Remark("edge", "10 is the largest number tried; the real number may be higher.")


def told(
    *remarks: Remark, plan: StudyPlan | None = None, data: Any = None, **changes: Any
) -> dict[str, Note]:
    facts = Facts(rows=342, distinct=342, dropped=0, filled=0, asked_max_k=10, constant=[], left="")
    made = {**facts, **(data or {})}
    grounds = Grounds(plan or StudyPlan(), made, remarks, 600, **changes)  # type: ignore[arg-type]
    return {note["code"]: note for note in notes(grounds)}


def test_a_plain_result_has_no_notes() -> None:
    assert told() == {}


def test_the_edge_is_told_with_a_way_on() -> None:
    assert told(EDGE)["edge"] == {"code": "edge", "text": EDGE.text, "act": "--extend --max-k 20"}


def test_the_way_on_ends_at_the_number_of_rows() -> None:
    assert told(EDGE, data={"rows": 15, "distinct": 15})["edge"]["act"] == "--extend --max-k 15"


def test_there_is_no_edge_where_no_more_clusters_can_be() -> None:
    assert "edge" not in told(EDGE, plan=StudyPlan(max_k=3), data={"rows": 3, "distinct": 3})


def test_what_the_answer_says_is_not_said_twice() -> None:
    assert told(Remark("no-clear-winner", "3 and 4 score about the same. Look at both.")) == {}


def test_few_different_rows_are_told_as_such() -> None:
    text = told(plan=StudyPlan(max_k=5), data={"distinct": 5})["few-rows"]["text"]
    assert text == "5 different rows can hold at most 5 clusters. The largest number is now 5."


def test_when_nothing_passes_the_size_that_would_is_offered() -> None:
    remark = Remark("nothing-passes", "No fit has all clusters at 17 rows or more. Allow smaller clusters.")
    assert told(remark, nearest=8)["nothing-passes"]["act"] == "--min-members 8"
    assert "act" not in told(remark)["nothing-passes"]


def test_failed_fits_are_told_with_what_they_mean() -> None:
    text = "6 of 600 fits failed; the answer does not depend on them."
    assert told(failed=6)["fits-failed"]["text"] == text
    assert told(failed=6, covered=False)["fits-failed"]["text"].endswith("the answer uses the others.")
    assert told(failed=600) == {}


def test_what_was_done_to_the_data_is_told() -> None:
    data = {"rows": 3, "distinct": 3, "dropped": 2, "filled": 1, "constant": ["site"]}
    texts = {
        code: note["text"] for code, note in told(plan=StudyPlan(max_k=3, score="legacy"), data=data).items()
    }
    assert texts == {
        "legacy-score": "Scored the old way; compare only with old reports.",
        "rows-dropped": "2 rows with missing values were left out.",
        "rows-filled": "Missing values in 1 row were filled with the column's median.",
        "constant-column": "Column site is the same in every row. It is left out.",
        "few-rows": "3 rows can hold at most 3 clusters. The largest number is now 3.",
    }
