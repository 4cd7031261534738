"""A study in a terminal: the answer, the table of shapes, the clusters, and where the files are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import IO

from shoal.studies.model import Study
from shoal.studies.summary import Note, Profile, Summary
from shoal.studies.telling.answer import answer
from shoal.studies.telling.colours import slot
from shoal.studies.telling.notes import beside_answer
from shoal.studies.telling.sparkline import sparkline
from shoal.studies.wording import counted, duration, percent, printable, scored, shape, signed

LEAST_WIDTH = 80
# A standardised difference of means below .2 is not even small (Cohen 1988, p. 25).
SMALL_GAP = 0.2
# More names are not read; the report has them all.
MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Look:
    """Say what the terminal can show."""

    width: int = LEAST_WIDTH
    unicode: bool = True
    colour: bool = False

    @classmethod
    def of(cls, stream: IO[str], environment: Mapping[str, str] = os.environ) -> Look:
        """Return what a stream can show; colour needs a terminal, no NO_COLOR and no TERM=dumb."""
        plain = "NO_COLOR" in environment or environment.get("TERM") == "dumb"
        columns = shutil.get_terminal_size((LEAST_WIDTH, 24)).columns if stream.isatty() else LEAST_WIDTH
        utf8 = (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
        return cls(max(LEAST_WIDTH, columns), utf8, stream.isatty() and not plain)

    def paint(self, text: str, colour: str) -> str:
        """Return text in a hex colour, or as it is."""
        if not self.colour:
            return text
        red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
        return f"\x1b[1;38;2;{red};{green};{blue}m{text}\x1b[0m"


def opening(study: Study, look: Look) -> list[str]:
    """Return the lines that say what will be clustered and what is left out."""
    source, columns = study.source, study.plan.columns or ()
    rows = f"{counted(source['rows'], 'row')}, {counted(len(source['columns']), 'column')}"
    dropped = study.facts["dropped"]
    gaps = f"{counted(dropped, 'row')} with gaps" if dropped else ""
    left = ", ".join(filter(None, [study.facts["left"], gaps]))
    text = f"{source['name']}: {rows}. Using {len(columns):,}: {_listed(columns)}."
    return wrap(printable(text + (f" Left out: {left}." if left else "")), look.width)


def _listed(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES:,} more"


def result(study: Study, look: Look) -> list[str]:
    """Return the lines of a finished study, without the files."""
    summary = study.summary
    if summary is None:
        return [study.error or f"The study is {study.state}."]
    parts = [_answer(summary, look), _shapes(summary, look), _clusters(summary, look)]
    parts.append([line for note in beside_answer(summary) for line in _note(note, look)])
    return [line for part in parts if part for line in [*part, ""]][:-1]


def closing(study: Study, files: Mapping[str, str], look: Look) -> list[str]:
    """Return the lines that say where the files are and how the study is called."""
    named = [(name.capitalize(), path) for name, path in files.items() if name != "json"]
    one = "      ".join(f"{name}  {path}" for name, path in named)
    lines = [one] if len(one) <= look.width else [f"{name:7} {path}" for name, path in named]
    failed = study.summary["failed"] if study.summary else 0
    text = f"Study   {study.id} in {duration(study.seconds)}"
    if failed and study.summary:
        text += (
            f", {failed:,} of {counted(study.summary['fits'], 'fit')} failed: shoal study show last --failed"
        )
    return [*lines, text]


def _answer(summary: Summary, look: Look) -> list[str]:
    told = answer(summary)
    second = printable(f"{told.differs} {told.between}".strip())
    return [*wrap(told.text, look.width), *wrap(second, look.width)]


def _note(note: Note, look: Look) -> list[str]:
    text = f"{note['text']} [{note['act']}]" if "act" in note else note["text"]
    return wrap(printable(text), look.width, initial_indent="! ", subsequent_indent="  ")


def _shapes(summary: Summary, look: Look) -> list[str]:
    tried = [*summary["recommended"], *summary["unavailable"]]
    shapes = [
        name for name in ("full", "diag", "spher") if any(mode.startswith(f"{name}-") for mode in tried)
    ]
    head = " " * 11 + "".join(f"{shape(name):<16}" for name in shapes)
    lines = [head.rstrip()]
    for tie in ("tied", "untied"):
        if any(mode.endswith(f"-{tie}") for mode in tried):
            cells = "".join(f"{_cell(summary, f'{name}-{tie}'):<16}" for name in shapes)
            lines.append(f"  {tie.capitalize():<9}{cells}".rstrip())
    largest = len(summary["curve"])
    best = "* best    " if summary["best"] else ""
    span = f"k = 1..{largest}" if largest > 1 else "k = 1"
    line = f"  {best}BIC, higher is better    {span}"
    return [*lines, f"{line}  {sparkline(summary['curve'], look.unicode, look.width - len(line) - 2)}"]


def _cell(summary: Summary, mode: str) -> str:
    if (fit := summary["recommended"].get(mode)) is not None:
        best = summary["best"] is not None and summary["best"]["covariance"] == mode
        return f"{fit['k']}{'*' if best else ' '} {scored(fit['bic']):>8}"
    return f"-  under {counted(summary['min_members'], 'row')}" if mode in summary["unavailable"] else ""


def _clusters(summary: Summary, look: Look) -> list[str]:
    if not summary["profiles"]:
        return []
    rows = [_cluster(profile, summary, look) for profile in summary["profiles"]]
    return ["  Cluster       Rows   Share   Stands out by", *rows]


def _cluster(profile: Profile, summary: Summary, look: Look) -> str:
    number = look.paint(f"{profile['cluster']:<7}", slot(profile["cluster"]).dark)
    rest = f" {profile['size']:>10,} {percent(profile['share']):>7}   "
    told, room = stands_out(profile, len(summary["profiles"])), look.width - 9 - len(rest)
    told = told if len(told) <= room else f"{told[: room - 3]}..."
    return f"  {number}{printable(rest + told)}".rstrip()


def stands_out(profile: Profile, clusters: int, minus: str = "-") -> str:
    """Return the column whose mean is farthest from the whole mean: `body_mass_g +1.3 sd`."""
    if clusters < 2 or not profile["columns"]:
        return ""
    name, spread = max(profile["columns"].items(), key=lambda item: abs(item[1]["gap"]))
    if abs(spread["gap"]) < SMALL_GAP:
        return "near the mean of all rows"
    return f"{name} {signed(spread['gap'], minus)} sd"


def lines_of(study: Study, files: Mapping[str, str], look: Look) -> Iterator[str]:
    """Yield the whole screen of a finished study."""
    yield from result(study, look)
    yield ""
    yield from closing(study, files, look)
