from __future__ import annotations

from pathlib import Path

from shoal.jobs.logs import AttemptLog, log_key, read


def test_a_log_is_a_file_only_once_it_has_a_line(tmp_path: Path) -> None:
    log = AttemptLog(tmp_path, log_key(1234, 1, 2))
    assert log.key is None
    log.append(b"one\n")
    assert log.key == "1/1234.1.2.log"
    assert (tmp_path / "1/1234.1.2.log").read_bytes() == b"one\n"
    log.close()


def test_a_log_is_read_on_from_where_it_ended(tmp_path: Path) -> None:
    log = AttemptLog(tmp_path, "a.log")
    log.append(b"one\n")
    first = read(tmp_path, "a.log")
    log.append(b"two\n")
    assert (first.content, read(tmp_path, "a.log", first.next).content) == (b"one\n", b"two\n")
    assert read(tmp_path, "a.log", 8) == (b"", 8)
    assert read(tmp_path, "absent.log") == (b"", 0)
    log.close()


def test_a_log_over_its_limit_says_so_once_and_grows_no_more(tmp_path: Path) -> None:
    log = AttemptLog(tmp_path, "a.log", limit=10)
    for _ in range(5):
        log.append(b"1234567\n", "o")
    content = (tmp_path / "a.log").read_bytes()
    assert content == b"1234567\n12\nLog cut at 10 bytes. The job went on.\n"
    log.close()


def test_a_log_that_cannot_be_written_costs_lines_and_not_the_job(tmp_path: Path) -> None:
    (tmp_path / "1").write_text("a file where the folder should be")
    log = AttemptLog(tmp_path, log_key(1000, 1, 1))
    log.append(b"lost\n")
    assert log.key is None
