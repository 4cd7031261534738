from __future__ import annotations

from pathlib import Path

import pytest

from shoal.base import clock
from shoal.base.errors import InvalidInput, NotFound
from shoal.storage.files import FileStorage


def test_a_link_does_not_lead_out(storage: FileStorage, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    storage.put("a", [b"x"])
    (storage.root / "folder").symlink_to(outside)
    (storage.root / "file").symlink_to(outside / "secret")
    for key in ("folder/secret", "file"):
        with pytest.raises(InvalidInput, match="leads out of the storage"):
            storage.open(key)
        with pytest.raises(InvalidInput, match="leads out of the storage"):
            storage.put(key, [b"x"])
        with pytest.raises(InvalidInput, match="leads out of the storage"):
            storage.delete(key)
    assert [entry.key for entry in storage.list()] == ["a"]
    assert (outside / "secret").read_text() == "secret"


def test_a_root_that_is_a_link_itself_works(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    storage = FileStorage(tmp_path / "link")
    storage.put("a/b", [b"x"])
    assert (tmp_path / "real" / "a" / "b").read_bytes() == b"x"


def test_what_a_dead_write_left_is_neither_listed_nor_kept(storage: FileStorage) -> None:
    storage.put("a/b", [b"x"])
    draft = storage.root / "a" / ".b.k2j4h5"
    draft.write_bytes(b"half")
    assert [entry.key for entry in storage.list()] == ["a/b"]
    assert storage.sweep(clock.now() - 60 * clock.SECOND) == 0
    assert storage.sweep(clock.now() + clock.SECOND) == 1
    assert not draft.exists()


def test_an_emptied_folder_goes_with_its_last_file(storage: FileStorage) -> None:
    storage.put("datasets/x/v1", [b"x"])
    storage.delete("datasets/x/v1")
    assert not (storage.root / "datasets" / "x").exists()
    assert (storage.root / "datasets").exists()


def test_a_file_is_no_folder(storage: FileStorage) -> None:
    storage.put("a", [b"x"])
    with pytest.raises(InvalidInput, match="not a folder"):
        storage.put("a/b", [b"x"])
    with pytest.raises(NotFound):
        storage.open("a/b")
