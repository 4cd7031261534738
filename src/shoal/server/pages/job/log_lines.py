"""Lines of a log as a page shows them: colours as classes, nothing that a terminal would obey."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from shoal.jobs.logs import STDOUT, Stretch
from shoal.server.pages.words import stamp

LONGEST = 4000  # characters of one line; the whole is in the download
_SEQUENCE = re.compile(r"\x1b(?:\[([0-9;:?<=>!]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_]|$)")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_COLOURS = ("grey", "red", "green", "yellow", "blue", "magenta", "cyan", "plain")


class Line(NamedTuple):
    """One line: its stream, the time of day when it began, and its text as markup."""

    stream: str
    at: str
    text: Markup


def lines_of(content: bytes, begin: int, stretches: Sequence[Stretch]) -> list[Line]:
    """Return the lines of a part of a log from an offset on; `stretches` are those it overlaps, in order."""
    found = list[Line]()
    style, place, told = "", begin, iter([*stretches, None])
    here, ahead = Stretch(begin, 0, STDOUT, 0), next(told)
    for raw in content.split(b"\n"):
        while ahead is not None and ahead.offset <= place:
            here, ahead = ahead, next(told, None)
        text, style = _marked(raw.decode("utf-8", "replace"), style)
        found.append(Line(here.stream, stamp(here.at) if here.at else "", text))
        place += len(raw) + 1
    return found[:-1] if content.endswith(b"\n") or not content else found


def _marked(text: str, style: str) -> tuple[Markup, str]:
    """Return a line's markup, and the style in which the next one begins."""
    text = text.removesuffix("\r").rpartition("\r")[2]  # Written over: a progress bar.
    cut = f" … {len(text) - LONGEST:,} more characters" if len(text) > LONGEST else ""
    parts = list[Markup]()
    for piece, after in _pieces(text[:LONGEST]):
        if piece:
            shown = escape(_UNSEEN.sub("\N{REPLACEMENT CHARACTER}", piece))
            parts.append(Markup('<b class="{}">{}</b>').format(style, shown) if style else shown)
        style = after(style)
    return Markup("").join([*parts, escape(cut)]), style


class _Change(NamedTuple):
    codes: str | None

    def __call__(self, style: str) -> str:
        """Return the style after a sequence of the terminal; other sequences than colours change nothing."""
        return style if self.codes is None else _styled(self.codes, style)


def _pieces(text: str) -> Iterator[tuple[str, _Change]]:
    end = 0
    for found in _SEQUENCE.finditer(text):
        yield text[end : found.start()], _Change(found[1] if found[2] == "m" else None)
        end = found.end()
    yield text[end:], _Change(None)


def _styled(codes: str, style: str) -> str:
    classes = set(style.split())
    numbers = [int(one) for one in codes.split(";") if one.isdecimal() and len(one) < 4] or [0]
    if numbers[0] in (38, 48):
        return style  # Colours by number or by their parts are not told.
    for number in numbers:
        classes = _changed(number, classes)
    return " ".join(sorted(classes))


def _changed(number: int, classes: set[str]) -> set[str]:
    without = {one for one in classes if one == "strong"}
    if number == 0:
        return set()
    if number in (1, 22):
        return classes | {"strong"} if number == 1 else classes - {"strong"}
    if 30 <= number <= 39 or 90 <= number <= 97:
        name = _COLOURS[number % 10] if number % 10 < 8 else "plain"
        return without if name == "plain" else {*without, f"ansi-{name}"}
    return classes
