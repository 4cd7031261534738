"""What a reader should know about a result: each note only when it is true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shoal.clustering.selection import Note as Remark
from shoal.studies.model import Facts
from shoal.studies.plan import StudyPlan
from shoal.studies.summary import Note, Summary
from shoal.studies.wording import counted

# Said by the answer itself, with its reasons.
_IN_THE_ANSWER = ("no-clear-winner",)
_SENTENCES = ("one-group", "nothing-passes")
_ABOUT_LARGER_K = ("edge", "edge-of-mode")


@dataclass(frozen=True, slots=True)
class Grounds:
    """Hold what the notes are told from.

    `remarks` are those of the recommendation, `covered` says that each failed fit has a repeat that worked,
    `nearest` is the largest size that a smallest cluster had in any usable fit.
    """

    plan: StudyPlan
    facts: Facts
    remarks: Sequence[Remark]
    fits: int
    failed: int = 0
    covered: bool = True
    nearest: int = 0


def notes(grounds: Grounds) -> list[Note]:
    """Return the notes, the ones about the answer first."""
    return [*_about_answer(grounds), *_about_fits(grounds), *_about_data(grounds)]


def beside_answer(summary: Summary) -> list[Note]:
    """Return the notes that are shown beside the answer's own sentences, and not those that repeat it."""
    shown = [note for note in summary["notes"] if note["code"] not in _SENTENCES]
    for note in summary["notes"]:
        if note["code"] == "nothing-passes" and "act" in note:
            shown.insert(0, _note(note["code"], "To recommend fits with smaller clusters:", note["act"]))
    return shown


def _about_answer(grounds: Grounds) -> Iterator[Note]:
    can_grow = grounds.plan.max_k < grounds.facts["distinct"]
    for remark in grounds.remarks:
        if remark.code in _IN_THE_ANSWER or (remark.code in _ABOUT_LARGER_K and not can_grow):
            continue
        yield _note(remark.code, remark.text, _act(remark.code, grounds))


def _act(code: str, grounds: Grounds) -> str:
    """Return the options that would do something about it."""
    if code in _ABOUT_LARGER_K:
        return f"--extend --max-k {min(2 * grounds.plan.max_k, grounds.facts['distinct'])}"
    if code == "nothing-passes" and grounds.nearest:
        return f"--min-members {grounds.nearest}"
    return ""


def _about_fits(grounds: Grounds) -> Iterator[Note]:
    if 0 < grounds.failed < grounds.fits:
        so = "does not depend on them" if grounds.covered else "uses the others"
        failed, fits = f"{grounds.failed:,}", counted(grounds.fits, "fit")
        yield _note("fits-failed", f"{failed} of {fits} failed; the answer {so}.")
    if grounds.plan.score == "legacy":
        yield _note("legacy-score", "Scored the old way; compare only with old reports.")


def _about_data(grounds: Grounds) -> Iterator[Note]:
    facts = grounds.facts
    if dropped := facts["dropped"]:
        were = "was" if dropped == 1 else "were"
        yield _note("rows-dropped", f"{counted(dropped, 'row')} with missing values {were} left out.")
    if facts["filled"]:
        text = f"Missing values in {counted(facts['filled'], 'row')} were filled with the column's median."
        yield _note("rows-filled", text)
    for name in facts["constant"]:
        yield _note("constant-column", f"Column {name} is the same in every row. It is left out.")
    if facts["asked_max_k"] > facts["distinct"]:
        different = "different " if facts["distinct"] < facts["rows"] else ""
        rows, most = counted(facts["distinct"], f"{different}row"), grounds.plan.max_k
        text = f"{rows} can hold at most {counted(most, 'cluster')}. The largest number is now {most}."
        yield _note("few-rows", text)


def _note(code: str, text: str, act: str = "") -> Note:
    return Note(code=code, text=text, act=act) if act else Note(code=code, text=text)
