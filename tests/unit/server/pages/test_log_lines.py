"""What a page makes of the bytes of a log."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.jobs.logs import AttemptLog, Stretch
from shoal.jobs.model import Attempt
from shoal.jobs.states import State
from shoal.server.pages.job.log_lines import LONGEST, lines_of
from shoal.server.pages.job.log_view import backward, forward

KEY = "0/1.1.1.log"


def shown(content: bytes) -> list[str]:
    return [str(line.text) for line in lines_of(content, 0, [])]


def attempt(state: State = State.RUNNING) -> Attempt:
    return Attempt(1, 1, 1, 1, state, "w", "h", 1, 1, None, None, None, None, None, KEY)


def test_markup_in_a_log_is_text() -> None:
    assert shown(b"<script>alert(1)</script>&\n") == ["&lt;script&gt;alert(1)&lt;/script&gt;&amp;"]


@pytest.mark.parametrize(
    ("raw", "markup"),
    [
        (b"\x1b[31mred\x1b[0m not", '<b class="ansi-red">red</b> not'),
        (b"\x1b[1;32mgo", '<b class="ansi-green strong">go</b>'),
        (b"\x1b[91;22mlight", '<b class="ansi-red">light</b>'),
        (b"\x1b[38;5;196mmany", "many"),
        (b"\x1b[mplain\x1b[2K\x1b[?25l", "plain"),
        (b"\x1b]8;;http://evil\x07link\x1b]8;;\x07", "link"),
        (b"\x1b]0;title never ends", ""),
        (b"10%\r50%\r100%", "100%"),
        (b"line\r", "line"),
        ("a\u202eb\x07\x00".encode(), "a\ufffdb\ufffd\ufffd"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\x1b", ""),
        (b"\x1b[31;999999999999mx", '<b class="ansi-red">x</b>'),
    ],
)
def test_a_terminals_words_become_classes_or_nothing(raw: bytes, markup: str) -> None:
    assert shown(raw) == [markup]


def test_a_colour_goes_on_in_the_next_line_until_it_is_changed() -> None:
    assert shown(b"\x1b[31ma\nb\x1b[39m\nc\n") == [
        '<b class="ansi-red">a</b>',
        '<b class="ansi-red">b</b>',
        "c",
    ]


def test_long_lines_are_cut_and_say_so() -> None:
    (line,) = shown(b"x" * (LONGEST + 1234))
    assert line.endswith("x … 1,234 more characters")


def test_a_line_is_of_the_stream_that_began_it() -> None:
    stretches = [Stretch(0, 4, "o", 0), Stretch(4, 6, "e", 1_000_000), Stretch(10, 3, "o", 0)]
    lines = lines_of(b"out\nerror\nab\n", 0, stretches)
    assert [(line.stream, str(line.text)) for line in lines] == [("o", "out"), ("e", "error"), ("o", "ab")]
    assert (lines[0].at, lines[1].at) == ("", "00:00:01")


def written(folder: Path, *parts: tuple[bytes, str]) -> None:
    log = AttemptLog(folder, KEY)
    for content, stream in parts:
        log.append(content, stream)
    log.close()


def test_following_gives_every_whole_line_once(tmp_path: Path) -> None:
    lines = [f"line {n}" for n in range(1000)]
    written(tmp_path, *((f"{line}\n".encode(), "oe"[n % 2]) for n, line in enumerate(lines)), (b"half", "o"))
    found, place = list[str](), 0
    while (view := forward(tmp_path, attempt(), place, 500)).next > place:
        found += [str(line.text) for line in view.lines]
        assert all(line.stream == "oe"[int(line.text.split()[1]) % 2] for line in view.lines)
        place = view.next
    assert found == lines
    ended = forward(tmp_path, attempt(State.SUCCEEDED), place, 500)
    assert [str(line.text) for line in ended.lines] == ["half"]
    assert ended.is_whole and not view.is_whole


def test_going_backward_gives_every_line_once(tmp_path: Path) -> None:
    lines = [f"line {n}" for n in range(1000)]
    written(tmp_path, *((f"{line}\n".encode(), "o") for line in lines))
    found, view = list[str](), backward(tmp_path, attempt(State.FAILED), most=600)
    found = [str(line.text) for line in view.lines]
    while view.begin:
        view = backward(tmp_path, attempt(State.FAILED), view.begin, 600)
        found = [str(line.text) for line in view.lines] + found
    assert found == lines


def test_many_short_lines_are_loaded_a_few_hundred_at_once(tmp_path: Path) -> None:
    written(tmp_path, (b"x\n" * 3000, "o"))
    view = backward(tmp_path, attempt(State.SUCCEEDED))
    assert (len(view.lines), view.begin, view.next) == (500, 5000, 6000)
    assert backward(tmp_path, attempt(State.SUCCEEDED), view.begin).next == 5000


def test_a_line_longer_than_a_piece_does_not_stop_the_way(tmp_path: Path) -> None:
    written(tmp_path, (b"x" * 5000, "o"))
    place = 0
    while (view := forward(tmp_path, attempt(), place, 1000)).next > place:
        place = view.next
    assert place == 5000


def test_a_log_that_was_cut_says_where(tmp_path: Path) -> None:
    written(tmp_path, (b"out\n", "o"), (b"Log cut at 50 MB. The job went on.\n", "s"))
    assert forward(tmp_path, attempt(), 0).cut == "50 MB"
    written(tmp_path / "other", (b"Log cut at 50 MB. The job went on.\n", "o"))
    assert forward(tmp_path / "other", attempt(), 0).cut == ""


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert forward(tmp_path, attempt(), 0).lines == backward(tmp_path, attempt()).lines == []
