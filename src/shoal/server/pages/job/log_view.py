"""A part of an attempt's log, cut at ends of lines: forward to follow it, backward to load earlier lines."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from shoal.jobs import logs
from shoal.jobs.model import Attempt
from shoal.jobs.states import ACTIVE
from shoal.server.pages.job.log_lines import Line, lines_of

PIECE = 64 << 10
TAIL = 16 << 10  # what the page itself brings, so that it stays small
MOST_LINES = 500
_CUT = re.compile(r"Log cut at ([^<>]{1,40})\. The job went on\.")


class LogView(NamedTuple):
    """Lines from `begin` to `next` (bytes); `size` is the whole log's, `cut` where it says it was cut."""

    lines: list[Line]
    begin: int
    next: int
    size: int
    ended: bool
    cut: str

    @property
    def is_whole(self) -> bool:
        """Say whether nothing more will come."""
        return self.ended and self.next >= self.size


def key_of(attempt: Attempt) -> str:
    """Return where an attempt's log is: it has its place before the row says so."""
    return attempt.log or logs.log_key(attempt.job, attempt.generation, attempt.number)


def forward(folder: Path, attempt: Attempt, offset: int, most: int = PIECE) -> LogView:
    """Return what follows an offset; a last line that may go on is left for later."""
    ended, size = attempt.state not in ACTIVE, _size(folder, attempt)
    content = logs.read(folder, key_of(attempt), offset, most).content
    if not ended or offset + len(content) < size:
        end = content.rfind(b"\n") + 1
        content = content[:end] if end or len(content) < most else content
    return _view(folder, attempt, offset, content, size)


def backward(folder: Path, attempt: Attempt, end: int | None = None, most: int = TAIL) -> LogView:
    """Return what stands before an offset, or the end of the log."""
    size = _size(folder, attempt)
    end = size if end is None else min(end, size)
    begin = max(0, end - most)
    content = logs.read(folder, key_of(attempt), begin, end - begin).content
    if begin and (first := content.find(b"\n") + 1):
        begin, content = begin + first, content[first:]
    if attempt.state in ACTIVE and end == size:
        content = content[: content.rfind(b"\n") + 1]
    ends = [found.end() for found in re.finditer(rb"\n", content)]
    if len(ends) > MOST_LINES:
        left_out = ends[-MOST_LINES - 1]
        begin, content = begin + left_out, content[left_out:]
    return _view(folder, attempt, begin, content, size)


def _view(folder: Path, attempt: Attempt, begin: int, content: bytes, size: int) -> LogView:
    place = begin + len(content)
    stretches = takewhile(lambda one: one.offset < place, logs.pieces(folder, key_of(attempt), begin))
    lines = lines_of(content, begin, list(stretches))
    said = (_CUT.match(line.text) for line in lines if line.stream == logs.SAID)
    cut = next((found[1] for found in said if found), "")
    return LogView(lines, begin, place, size, attempt.state not in ACTIVE, cut)


def _size(folder: Path, attempt: Attempt) -> int:
    try:
        return (folder / key_of(attempt)).stat().st_size
    except FileNotFoundError:
        return 0
