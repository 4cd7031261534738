"""Lines of a log that hold a text: in any case, of one stream or of all, up to so many bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.jobs import logs
from shoal.server.log_following import apart
from shoal.server.log_searching import LONGEST, found_lines

KEY = "0/1.1.1.log"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    log = logs.AttemptLog(tmp_path, KEY)
    for stream, text in (("o", "Apple\npe"), ("e", "an apple "), ("o", "ar\n"), ("e", "tree"), ("s", "said")):
        log.append(text.encode(), stream)
    log.close()
    return tmp_path


def test_lines_are_those_of_their_stream(folder: Path) -> None:
    assert found_lines(folder, KEY, "o", "p", 1000) == [b"Apple\n", b"pear\n"]
    assert found_lines(folder, KEY, "e", "APPLE", 1000) == [b"an apple tree\n"]
    assert found_lines(folder, KEY, None, "apple", 1000) == [b"Apple\n", b"pean apple ar\n"]
    assert found_lines(folder, KEY, "s", "apple", 1000) == []


def test_only_so_many_bytes_are_found(folder: Path) -> None:
    assert found_lines(folder, KEY, "o", "p", 7) == [b"Apple\n"]


def test_nothing_is_found_where_there_is_no_log(tmp_path: Path) -> None:
    assert found_lines(tmp_path, KEY, None, "x", 1000) == []
    assert found_lines(tmp_path, None, "o", "x", 1000) == []


def test_an_endless_line_is_cut(tmp_path: Path) -> None:
    log = logs.AttemptLog(tmp_path, KEY)
    log.append(b"x" * (5 * LONGEST) + b"\nend\n", "o")
    log.close()
    (line,) = found_lines(tmp_path, KEY, None, "x", 10 * LONGEST)
    assert len(line) == LONGEST + 1


@pytest.mark.parametrize("offset", range(30))
def test_a_part_of_a_log_is_parted_by_its_streams(folder: Path, offset: int) -> None:
    content = logs.read(folder, KEY, offset).content
    parts = apart(folder, KEY, 7, offset, content)
    assert b"".join(part.content for part in parts) == content
    assert [part.offset for part in parts] == [
        offset + sum(len(before.content) for before in parts[:n]) for n in range(len(parts))
    ]
    whole = [part.stream for part in apart(folder, KEY, 7, 0, logs.read(folder, KEY).content)]
    assert whole == ["o", "e", "o", "e", "s"]
    assert whole[len(whole) - len(parts) :] == [part.stream for part in parts]
