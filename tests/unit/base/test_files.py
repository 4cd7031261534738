from __future__ import annotations

from pathlib import Path

import pytest

from shoal.base.errors import StorageFull
from shoal.base.faults import fault_point
from shoal.base.files import durable_file, write_durably

POINT = fault_point("tests.file", "A file of the tests is written.")


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file"
    with pytest.raises(KeyError), durable_file(POINT, target) as file:
        file.write(b"half")
        raise KeyError
    assert list(target.parent.iterdir()) == []
    write_durably(POINT, target, b"one")
    with pytest.raises(KeyError), durable_file(POINT, target) as file:
        file.write(b"two")
        raise KeyError
    assert target.read_bytes() == b"one"
    assert list(target.parent.iterdir()) == [target]


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(StorageFull, match="The disk is full"), durable_file(POINT, tmp_path / "file"):
        Path("/dev/full").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []
